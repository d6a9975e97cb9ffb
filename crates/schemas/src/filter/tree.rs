//! Paths of members, such as `attackData.appliedAction`, looked up all at once while an object is read.

/// Most names in a path: each may cost one more pass over a part of the text.
pub(super) const MAX_NAMES: usize = 16;
/// Most bytes of a path.
pub(super) const MAX_PATH_BYTES: usize = 256;

/// The whole object or array that is read.
pub(super) const ROOT: usize = 0;

/// What is to be done, by path.
#[derive(Debug)]
pub(super) struct Tree<T> {
    nodes: Vec<Node<T>>,
}

#[derive(Debug, Default)]
struct Node<T> {
    /// By name.
    children: Vec<(Box<[u8]>, usize)>,
    leaf: T,
}

impl<T: Default> Default for Tree<T> {
    fn default() -> Self {
        Self {
            nodes: vec![Node::default()],
        }
    }
}

impl<T: Default> Tree<T> {
    /// What is to be done at `path`; nothing yet, if it is new.
    pub fn at(&mut self, path: &[&str]) -> Option<&mut T> {
        let mut node = ROOT;
        for name in path {
            let new = self.nodes.len();
            let children = &mut self.nodes.get_mut(node)?.children;
            node = match children.binary_search_by(|child| (*child.0).cmp(name.as_bytes())) {
                Ok(found) => children.get(found)?.1,
                Err(place) => {
                    children.insert(place, (name.as_bytes().into(), new));
                    self.nodes.push(Node::default());
                    new
                }
            };
        }
        Some(&mut self.nodes.get_mut(node)?.leaf)
    }
}

impl<T> Tree<T> {
    /// Whether nothing is to be done below the root. The root itself does not count.
    pub fn is_empty(&self) -> bool {
        self.nodes.len() == 1
    }

    pub fn leaf(&self, node: usize) -> Option<&T> {
        self.nodes.get(node).map(|node| &node.leaf)
    }

    pub fn has_children(&self, node: usize) -> bool {
        self.nodes
            .get(node)
            .is_some_and(|node| !node.children.is_empty())
    }

    /// The node of the member `name` of `node`. A name with dots is taken for a path, because many receivers do not tell
    /// `{"a.b":1}` from `{"a":{"b":1}}`; it may end before the last of its names if `is_end` of the node there.
    pub fn child(&self, node: usize, name: &[u8], is_end: impl Fn(&T) -> bool) -> Option<usize> {
        if let Some(child) = self.named(node, name) {
            return Some(child);
        }
        memchr::memchr(b'.', name)?;
        let mut node = node;
        for name in name.split(|byte| *byte == b'.') {
            node = self.named(node, name)?;
            if self.leaf(node).is_some_and(&is_end) {
                break;
            }
        }
        Some(node)
    }

    fn named(&self, node: usize, name: &[u8]) -> Option<usize> {
        let children = &self.nodes.get(node)?.children;
        let found = children.binary_search_by(|child| (*child.0).cmp(name));
        Some(children.get(found.ok()?)?.1)
    }
}
