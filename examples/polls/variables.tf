variable "project" {
  description = "The id of the Google Cloud project."
  type        = string
  default     = "polls-demo"
}

variable "region" {
  description = "The region of the bucket and the registry."
  type        = string
  default     = "asia-south1"
}

variable "zone" {
  description = "The zone of the cluster."
  type        = string
  default     = "asia-south1-a"
}

variable "kubernetes_version" {
  description = "The version of the control plane; null takes what the release channel gives."
  type        = string
  default     = null
}

variable "machine_type" {
  description = "The nodes' machine type: one shared CPU and 1.7 GB."
  type        = string
  default     = "g1-small"
}

variable "bucket_name" {
  description = "The bucket's name. Bucket names are global: choose your own on a real project."
  type        = string
  default     = "pollsapi-storage"
}

variable "public_static_files" {
  description = "Whether everybody may read the bucket, since browsers load the static files from it."
  type        = bool
  default     = true
}

variable "image" {
  description = "The image of the Django application. The default is a public sample that starts; push your own for the real one."
  type        = string
  default     = "us-docker.pkg.dev/google-samples/containers/gke/hello-app:1.0"
}

variable "replicas" {
  description = "How many copies of the application run."
  type        = number
  default     = 2

  validation {
    condition     = var.replicas > 0
    error_message = "At least one copy must run."
  }
}

variable "labels" {
  description = "Labels of the bucket and the cluster."
  type        = map(string)
  default = {
    app = "pollsapi"
  }
}
