output "release" {
  description = "The release of the database: its chart and revision."
  value       = "${helm_release.pollsdb.metadata.chart} ${helm_release.pollsdb.version}, revision ${helm_release.pollsdb.metadata.revision}"
}
