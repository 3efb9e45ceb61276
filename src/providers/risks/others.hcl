# Helm, and what is made on the machine that runs the program.

resource "helm_release" {
  risk "data-loss" {
    on  = [delete, replace]
    why = "all objects of the release are removed, and with claims what is on their disks"
  }
  risk "downtime" {
    on   = [update]
    when = { "version" = changes }
    why  = "another version of the chart may remove objects or start them anew"
  }
  risk "downtime" {
    on   = [update]
    when = { "values" = changes }
    why  = "other values of the chart may start its workloads anew"
  }
  risk "downtime" {
    on   = [update]
    when = { "set" = changes }
    why  = "other values of the chart may start its workloads anew"
  }
  risk "downtime" {
    on   = [update, create]
    when = { "force_update" = [true] }
    why  = "objects that cannot be changed are removed and made anew"
  }
  risk "downtime" {
    on   = [update]
    when = { "recreate_pods" = [true] }
    why  = "all pods of the release are started anew at once"
  }
}

resource "random_password" "random_string" "random_id" "random_uuid" "random_pet" "random_integer" "random_bytes" "random_shuffle" {
  risk "downtime" {
    on  = [replace, delete]
    why = "what was made from the old value does not know the new one"
  }
}

resource "tls_private_key" {
  risk "irreversible" {
    on  = [replace, delete]
    why = "the old key cannot be had back, and what trusts it must learn the new one"
  }
  risk "exposure" {
    on  = [create, replace]
    why = "the private key is kept in the state"
  }
}

resource "tls_self_signed_cert" "tls_locally_signed_cert" {
  risk "downtime" {
    on  = [replace, delete]
    why = "who trusts the old certificate must learn the new one"
  }
}

resource "local_file" "local_sensitive_file" {
  risk "data-loss" {
    on  = [replace, delete]
    why = "the file is removed with what is written in it"
  }
}
