terraform {
  required_providers {
    datadog = {
      source = "DataDog/datadog"
    }
  }
}

resource "datadog_monitor" "up" {
  name = "up"
}

resource "foo_bar" "x" {}
