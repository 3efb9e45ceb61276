//! What a resource type's attributes are.
