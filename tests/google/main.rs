//! The google provider: its resource files against the facts, recorded answers of the real services, and the
//! four laws against the sandbox.

mod support;
mod specs;
mod example;
mod laws;
mod laws_compute;
mod laws_machine;
mod laws_bigtable;
mod laws_dns;
mod laws_databases;
mod laws_pubsub;
mod laws_sql;
mod laws_sql_copies;
mod laws_iam;
mod laws_hmac;
mod laws_keys_lost;
mod laws_storage;
mod laws_beta;
mod laws_uploads;
mod lookups;
mod recorded;
mod faults;
mod credentials;
mod bodies;
mod traffic;
mod traffic_codec;
mod described;
mod document;
mod any;
mod attributes;
mod stays;
mod over_a_port;
mod permissions;
mod refresh;
mod masks;
