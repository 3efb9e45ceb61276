terraform { required_version = "abc" }
