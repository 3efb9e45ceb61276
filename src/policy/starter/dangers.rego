# The dangers that the program itself tells of each change, as rules: what loses data or exposes something is denied.
package terrane.dangers

import rego.v1

deny contains {"msg": sprintf("%s: %s", [risk.kind, risk.detail]), "address": change.address} if {
	some change in input.resource_changes
	some risk in change.risks
	risk.kind in {"data-loss", "exposure"}
	risk.perhaps == false
}

warn contains {"msg": sprintf("%s: %s", [risk.kind, risk.detail]), "address": change.address} if {
	some change in input.resource_changes
	some risk in change.risks
	not denied(risk)
	risk.kind != "cost"
}

denied(risk) if {
	risk.kind in {"data-loss", "exposure"}
	risk.perhaps == false
}
