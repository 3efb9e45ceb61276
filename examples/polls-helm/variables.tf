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

variable "image" {
  description = "The image of the Django application. The default is a public sample that starts; push your own for the real one."
  type        = string
  default     = "us-docker.pkg.dev/google-samples/containers/gke/hello-app:1.0"
}

variable "storage" {
  description = "The size of the database's disk."
  type        = string
  default     = "8Gi"
}
