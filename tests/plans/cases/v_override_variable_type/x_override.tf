variable "v" {
 type = string
}
