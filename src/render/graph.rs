//! Who waits for whom, as DOT or Mermaid. What follows from other arrows is left out.

use std::collections::BTreeMap;
use std::fmt;

use crate::graph::Graph;

/// What is drawn as one box, those of a module together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Box {
    /// The module: `module.a.module.b`, empty for the root.
    pub module: String,
    /// What stands in the box.
    pub name: String,
}

impl fmt::Display for Box {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dot = if self.module.is_empty() { "" } else { "." };
        write!(out, "{}{dot}{}", self.module, self.name)
    }
}

/// Above this size the arrows that follow from others stay: finding them takes too long.
const LARGE: usize = 600;

/// Draws a graph for Graphviz.
pub fn dot(graph: &Graph<Box>) -> String {
    let mut text = String::from(
        "digraph G {\n  rankdir = \"RL\";\n  node [shape = rect, fontname = \"sans-serif\"];\n",
    );
    let mut modules: BTreeMap<&str, Vec<&Box>> = BTreeMap::new();
    for node in graph.nodes() {
        modules.entry(&node.module).or_default().push(node);
    }
    for (module, nodes) in modules {
        let inside = !module.is_empty();
        if inside {
            let (cluster, label) = (quote(&format!("cluster_{module}")), quote(module));
            text += &format!(
                "  subgraph {cluster} {{\n    label = {label}\n    fontname = \"sans-serif\"\n"
            );
        }
        let indent = if inside { "    " } else { "  " };
        for node in nodes {
            let (name, label) = (quote(&node.to_string()), quote(&node.name));
            text += &format!("{indent}{name} [label={label}];\n");
        }
        if inside {
            text += "  }\n";
        }
    }
    for (node, need) in arrows(graph) {
        text += &format!("  {} -> {};\n", quote(&node.to_string()), quote(&need.to_string()));
    }
    text + "}\n"
}

/// Draws a graph for Mermaid.
pub fn mermaid(graph: &Graph<Box>) -> String {
    let nodes: Vec<&Box> = graph.nodes().collect();
    let number = |node: &Box| nodes.binary_search(&node).unwrap_or_default();
    let mut text = String::from("flowchart RL\n");
    for (place, node) in nodes.iter().enumerate() {
        let label =
            node.to_string().replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
        text += &format!("  n{place}[\"{label}\"]\n");
    }
    for (node, need) in arrows(graph) {
        text += &format!("  n{} --> n{}\n", number(node), number(need));
    }
    text
}

/// Gives the arrows that do not follow from others.
fn arrows(graph: &Graph<Box>) -> Vec<(&Box, &Box)> {
    let all = graph.nodes().flat_map(|node| graph.needs(node).map(move |need| (node, need)));
    if graph.len() > LARGE {
        return all.collect();
    }
    let follows = |node: &Box, need: &Box| {
        graph.needs(node).any(|other| other != need && graph.reaches(other, need))
    };
    all.filter(|(node, need)| !follows(node, need)).collect()
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph() -> Graph<Box> {
        let node = |module: &str, name: &str| Box { module: module.into(), name: name.into() };
        let mut graph = Graph::default();
        graph.wait(node("", "app[\"x\"]"), node("", "key"));
        graph.wait(node("", "key"), node("module.m", "bucket"));
        graph.wait(node("", "app[\"x\"]"), node("module.m", "bucket"));
        graph
    }

    #[test]
    fn a_drawing_has_each_node_in_its_module_and_the_arrows_that_say_something() {
        let expected = "digraph G {
  rankdir = \"RL\";
  node [shape = rect, fontname = \"sans-serif\"];
  \"app[\\\"x\\\"]\" [label=\"app[\\\"x\\\"]\"];
  \"key\" [label=\"key\"];
  subgraph \"cluster_module.m\" {
    label = \"module.m\"
    fontname = \"sans-serif\"
    \"module.m.bucket\" [label=\"bucket\"];
  }
  \"app[\\\"x\\\"]\" -> \"key\";
  \"key\" -> \"module.m.bucket\";
}
";
        assert_eq!(dot(&graph()), expected);
    }

    #[test]
    fn mermaid_has_the_same() {
        let expected = "flowchart RL
  n0[\"app[&quot;x&quot;]\"]
  n1[\"key\"]
  n2[\"module.m.bucket\"]
  n0 --> n1
  n1 --> n2
";
        assert_eq!(mermaid(&graph()), expected);
    }
}
