variable "project" {
  description = "The id of the Google Cloud project."
  type        = string
  default     = "polls-demo"
}

variable "region" {
  description = "The region of the database and the cache."
  type        = string
  default     = "asia-south1"
}

variable "domain" {
  description = "The domain that the zone answers for, with its dot at the end."
  type        = string
  default     = "polls.example.com."

  validation {
    condition     = endswith(var.domain, ".")
    error_message = "A domain ends with a dot."
  }
}

variable "database_tier" {
  description = "The machine of the database: one CPU and 3.75 GB."
  type        = string
  default     = "db-custom-1-3840"
}

variable "deletion_protection" {
  description = "Whether the database is kept from removal. Set it on a real project."
  type        = bool
  default     = false
}

variable "labels" {
  description = "Labels of all that can have some."
  type        = map(string)
  default = {
    app = "polls"
  }
}
