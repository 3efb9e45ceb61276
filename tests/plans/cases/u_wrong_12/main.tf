terraform {
 nope = 1
}
