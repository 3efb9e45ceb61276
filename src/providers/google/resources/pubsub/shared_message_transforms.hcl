# What is done to messages, of a topic and of a subscription.
shared "message_transforms" {
  attributes = {
    disabled = { type = bool, optional = true, default = false, api = "disabled" }
  }

  block "ai_inference" {
    optional  = true
    max_items = 1
    api       = "aiInference"
    attributes = {
      endpoint              = { type = string, required = true, api = "endpoint" }
      service_account_email = { type = string, optional = true, api = "serviceAccountEmail" }
    }

    block "unstructured_inference" {
      optional  = true
      max_items = 1
      api       = "unstructuredInference"
      attributes = {
        parameters = { type = map(string), optional = true, api = "parameters" }
      }
    }
  }

  block "javascript_udf" {
    optional  = true
    max_items = 1
    api       = "javascriptUdf"
    attributes = {
      code          = { type = string, required = true, api = "code" }
      function_name = { type = string, required = true, api = "functionName" }
    }
  }
}
