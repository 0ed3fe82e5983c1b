//! Where results go: outputs to the caller's slices or to room that stays, the next value of an input over the one before.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::Role;

use super::lower::{Base, Lowered, Reference};
use crate::math::Scalar;

/// Where a root's elements go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// To the workspace, until it has been read for the last time.
    Workspace,
    /// To the workspace, for good.
    Kept,
    /// To an output of the caller's.
    Output(usize),
    /// To the room of this root, an input that is carried, over its old value.
    Over(usize),
}

impl<T: Scalar> Lowered<T> {
    /// Lets each output be computed right in its slice by the root that it is all of; any other output becomes a copy.
    /// Answers each root's home.
    pub(super) fn settle_in_slices(&mut self) -> Vec<Home> {
        let mut homes = self.homes();
        for (place, output) in self.outputs.clone().into_iter().enumerate() {
            match self.computed(output) {
                Some(root) if homes[root] == Home::Workspace => homes[root] = Home::Output(place),
                _ => {
                    self.copy(output, self.output_names[place].clone());
                    homes.push(Home::Output(place));
                }
            }
        }
        homes
    }

    /// The same where outputs stay in the workspace. Answers the homes, and the root of each output.
    pub(super) fn settle(&mut self, roles: &[Role]) -> (Vec<Home>, Vec<usize>) {
        let (mut homes, mut places) = (self.homes(), Vec::with_capacity(self.outputs.len()));
        for (number, output) in self.outputs.clone().into_iter().enumerate() {
            let carried = |(input, role): (&Reference, &Role)| {
                if *role == Role::Carried(number) { input.root() } else { None }
            };
            let mut old = self.inputs.iter().zip(roles).filter_map(carried).collect::<Vec<_>>().into_iter();
            let root = match old.next() {
                Some(old) => self.put_over(old, output, number, &mut homes),
                None => self.put_away(output, number, roles, &mut homes),
            };
            for old in old {
                self.copy(self.whole(root), self.output_names[number].clone());
                homes.push(Home::Over(old));
            }
            places.push(root);
        }
        (homes, places)
    }

    fn homes(&self) -> Vec<Home> {
        let mut homes = vec![Home::Workspace; self.roots.len()];
        homes[..self.kept].fill(Home::Kept);
        homes
    }

    /// The root that this is all of, where a draft computes it.
    fn computed(&self, value: Reference) -> Option<usize> {
        value.root().filter(|&root| root >= self.kept && value.is_whole(self.roots[root]))
    }

    /// The root that becomes the next value of `old`: the output of this number.
    fn put_over(&mut self, old: usize, value: Reference, number: usize, homes: &mut Vec<Home>) -> usize {
        if value.base == Base::Root(old) && value.is_whole(self.roots[old]) {
            return old;
        }
        match self.computed(value) {
            Some(root) if homes[root] == Home::Workspace => {
                homes[root] = Home::Over(old);
                root
            }
            _ => {
                homes.push(Home::Over(old));
                self.copy(value, self.output_names[number].clone())
            }
        }
    }

    /// The root in which this value stays, the output of this number.
    fn put_away(&mut self, value: Reference, number: usize, roles: &[Role], homes: &mut Vec<Home>) -> usize {
        if let Some(root) = self.computed(value) {
            if homes[root] == Home::Workspace {
                homes[root] = Home::Kept;
            }
            return root;
        }
        let stays = |(input, role): (&Reference, &Role)| *role == Role::Kept && *input == value;
        match value.root().filter(|_| self.inputs.iter().zip(roles).any(stays)) {
            Some(root) => root,
            None => {
                homes.push(Home::Kept);
                self.copy(value, self.output_names[number].clone())
            }
        }
    }
}
