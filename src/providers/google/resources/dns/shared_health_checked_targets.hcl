# Targets of a record whose health is looked at: three times in a policy by place or weight, once as what comes first.
shared "health_checked_targets" {
  attributes = {
    external_endpoints = { type = list(string), optional = true, api = "externalEndpoints" }
  }

  block "internal_load_balancers" {
    optional = true
    api      = "internalLoadBalancers"
    attributes = {
      ip_address         = { type = string, required = true, api = "ipAddress" }
      ip_protocol        = { type = string, required = true, one_of = ["tcp", "udp"], api = "ipProtocol" }
      network_url        = { type = string, required = true, api = "networkUrl", suppress = "self_link_or_name" }
      port               = { type = string, required = true, api = "port" }
      project            = { type = string, required = true, api = "project" }
      load_balancer_type = { type = string, optional = true, one_of = ["regionalL4ilb", "regionalL7ilb", "globalL7ilb"], api = "loadBalancerType", suppress = "empty_equals:none" }
      region             = { type = string, optional = true, api = "region" }
    }
  }
}
