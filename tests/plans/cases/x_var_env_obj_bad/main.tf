variable "o" {
 type = object({ a = number })
}
