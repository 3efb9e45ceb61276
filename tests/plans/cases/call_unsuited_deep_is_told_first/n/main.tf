variable "k" {}
