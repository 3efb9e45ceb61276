variable "project" {
  description = "The id of the Google Cloud project."
  type        = string
  default     = "polls-demo"
}

variable "region" {
  description = "The region of the subnetwork, the cluster and the machine."
  type        = string
  default     = "asia-south1"
}
