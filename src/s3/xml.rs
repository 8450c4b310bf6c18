//! The XML that storage sends: one root element, with texts in it.

/// The texts of a root element's children.
#[derive(Default)]
pub(super) struct Elements(pub Vec<(String, String)>);

impl Elements {
    pub fn parse(text: &str, root: &str) -> Option<Self> {
        // Refuses document types, so no entity is ever expanded.
        let document = roxmltree::Document::parse(text.trim_start()).ok()?;
        let element = document.root_element();
        if element.tag_name().name() != root {
            return None;
        }
        let child = |node: roxmltree::Node<'_, '_>| {
            let name = node.tag_name().name().to_owned();
            Some((name, node.text()?.trim().to_owned()))
        };
        let children = element.children().filter(roxmltree::Node::is_element);
        Some(Self(children.filter_map(child).collect()))
    }

    pub fn text(&self, name: &str) -> Option<String> {
        let mut elements = self.0.iter();
        elements.find_map(|(n, text)| (n == name).then(|| text.clone()))
    }
}
