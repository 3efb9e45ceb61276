//! The Google side: services as functions of requests.
