variable "project" {
  description = "The id of the Google Cloud project."
  type        = string
  default     = "polls-demo"
}

variable "region" {
  description = "The region."
  type        = string
  default     = "asia-south1"
}

variable "zone" {
  description = "The zone of the cluster."
  type        = string
  default     = "asia-south1-a"
}
