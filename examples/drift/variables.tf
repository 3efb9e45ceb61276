variable "project" {
  description = "The id of the Google Cloud project."
  type        = string
  default     = "polls-demo"
}

variable "region" {
  description = "The region of the bucket."
  type        = string
  default     = "asia-south1"
}

variable "zone" {
  description = "The zone of the cluster."
  type        = string
  default     = "asia-south1-a"
}

variable "image" {
  description = "An image with the terrane program."
  type        = string
  default     = "asia-south1-docker.pkg.dev/polls-demo/tools/terrane:latest"
}

variable "webhook" {
  description = "Where alarms are sent as JSON; nowhere where it is empty."
  type        = string
  default     = ""
  sensitive   = true
}

variable "state_bucket" {
  description = "The bucket of the state, where it is in one: the watcher may read it."
  type        = string
  default     = ""
}

variable "role" {
  description = "A role with what `terrane permissions drift` names; the roles of Google that have it where it is empty."
  type        = string
  default     = ""
}
