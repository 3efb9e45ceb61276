//! Who waits for whom, as DOT or Mermaid. What follows from other arrows is left out.

use crate::graph::Graph;

/// Above this size the arrows that follow from others stay: finding them takes too long.
const LARGE: usize = 600;

/// Draws a graph for Graphviz.
pub fn dot(graph: &Graph<String>) -> String {
    let mut text = String::from(
        "digraph G {\n  rankdir = \"RL\";\n  node [shape = rect, fontname = \"sans-serif\"];\n",
    );
    for node in graph.nodes() {
        text += &format!("  {} [label={}];\n", quote(node), quote(node));
    }
    for (node, need) in arrows(graph) {
        text += &format!("  {} -> {};\n", quote(node), quote(need));
    }
    text + "}\n"
}

/// Draws a graph for Mermaid.
pub fn mermaid(graph: &Graph<String>) -> String {
    let nodes: Vec<&String> = graph.nodes().collect();
    let number = |node: &String| nodes.binary_search(&node).unwrap_or_default();
    let mut text = String::from("flowchart RL\n");
    for (place, node) in nodes.iter().enumerate() {
        let label = node.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
        text += &format!("  n{place}[\"{label}\"]\n");
    }
    for (node, need) in arrows(graph) {
        text += &format!("  n{} --> n{}\n", number(node), number(need));
    }
    text
}

/// Gives the arrows that do not follow from others.
fn arrows(graph: &Graph<String>) -> Vec<(&String, &String)> {
    let all = graph.nodes().flat_map(|node| graph.needs(node).map(move |need| (node, need)));
    if graph.len() > LARGE {
        return all.collect();
    }
    let follows = |node: &String, need: &String| {
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

    fn graph() -> Graph<String> {
        let mut graph = Graph::default();
        graph.wait("app[\"x\"]".to_string(), "key".to_string());
        graph.wait("key".to_string(), "bucket".to_string());
        graph.wait("app[\"x\"]".to_string(), "bucket".to_string());
        graph
    }

    #[test]
    fn a_drawing_has_each_node_and_the_arrows_that_say_something() {
        let expected = "digraph G {
  rankdir = \"RL\";
  node [shape = rect, fontname = \"sans-serif\"];
  \"app[\\\"x\\\"]\" [label=\"app[\\\"x\\\"]\"];
  \"bucket\" [label=\"bucket\"];
  \"key\" [label=\"key\"];
  \"app[\\\"x\\\"]\" -> \"key\";
  \"key\" -> \"bucket\";
}
";
        assert_eq!(dot(&graph()), expected);
    }

    #[test]
    fn mermaid_has_the_same() {
        let expected = "flowchart RL
  n0[\"app[&quot;x&quot;]\"]
  n1[\"bucket\"]
  n2[\"key\"]
  n0 --> n2
  n2 --> n1
";
        assert_eq!(mermaid(&graph()), expected);
    }
}
