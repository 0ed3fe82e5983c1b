//! Finds the points of a file: what can be mistaken in it.
//!
//! A mistake is another operator, a number that is off by one, an argument in another's place, a condition turned round, a
//! missing assignment, a missing arm of a match, a range that ends too late, a simple result in place of a computed one.

mod expression;

use std::collections::BTreeMap;
use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Expr, ReturnType, Signature, Type};

use crate::point::{Piece, Point, Source};

/// The points of a file.
pub(crate) fn points(path: &str, text: &str) -> syn::Result<Source> {
    let file = syn::parse_file(text)?;
    let mut finder = Finder { path, text, points: Vec::new(), function: String::new(), seen: BTreeMap::new() };
    finder.visit_file(&file);
    let mut points = finder.points;
    points.sort_by_key(|point| (point.range.start, core::cmp::Reverse(point.range.end)));
    Ok(Source { path: path.into(), text: text.into(), points })
}

struct Finder<'a> {
    path: &'a str,
    text: &'a str,
    points: Vec<Point>,
    function: String,
    seen: BTreeMap<String, usize>,
}

fn text(text: impl Into<String>) -> Piece {
    Piece::Text(text.into())
}

fn range(node: &impl Spanned) -> Range<usize> {
    node.span().byte_range()
}

impl Finder<'_> {
    /// One line without superfluous blanks.
    fn quote(&self, range: &Range<usize>) -> String {
        self.text[range.clone()].split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn add(&mut self, range: Range<usize>, pieces: Vec<Piece>, mistakes: Vec<String>) {
        let mistakes = mistakes.into_iter().map(|mistake| {
            let line = format!("{}: {}: {mistake}", self.path, self.function);
            let count = self.seen.entry(line.clone()).or_default();
            *count += 1;
            if *count == 1 { line } else { format!("{line} (#{count})") }
        });
        let mistakes = mistakes.collect();
        self.points.push(Point { range, pieces, mistakes, function: self.function.clone() });
    }

    /// Simple results at the start of a function.
    fn results(&mut self, signature: &Signature, block: &syn::Block) {
        let ReturnType::Type(_, result) = &signature.output else { return };
        let Type::Path(path) = &**result else { return };
        let Some(last) = path.path.segments.last() else { return };
        let results: &[&str] = match &*last.ident.to_string() {
            "bool" => &["true", "false"],
            "usize" | "u8" | "u32" | "u64" | "i32" => &["0", "1"],
            "Option" => &["None"],
            "Saves" => &["Saves::NONE", "Saves::ALL"],
            "Result" if self.quote(&range(result)).starts_with("Result<(),") => &["Ok(())"],
            "Vec" => &["Vec::new()"],
            _ => &[],
        };
        let start = range(block).start + 1;
        for result in results {
            let pieces = vec![text(" if "), Piece::On(0), text(format!(" {{ return {result}; }} "))];
            self.add(start..start, pieces, vec![format!("returns `{result}`")]);
        }
    }

    fn function(&mut self, signature: &Signature, visit: impl FnOnce(&mut Self)) {
        let outer = core::mem::replace(&mut self.function, signature.ident.to_string());
        match &signature.constness {
            // The name of an operation is asked for in constants; it holds no points.
            Some(_) if signature.ident == "name" => {}
            // Nothing can be switched in a constant function, so it is made an ordinary one.
            Some(keyword) => {
                let at = range(keyword);
                let function = self.function.clone();
                self.points.push(Point { range: at, pieces: Vec::new(), mistakes: Vec::new(), function });
                visit(self);
            }
            None => visit(self),
        }
        self.function = outer;
    }
}

impl Visit<'_> for Finder<'_> {
    fn visit_item_fn(&mut self, item: &syn::ItemFn) {
        self.function(&item.sig, |finder| {
            finder.results(&item.sig, &item.block);
            visit::visit_block(finder, &item.block);
        });
    }

    fn visit_impl_item_fn(&mut self, item: &syn::ImplItemFn) {
        self.function(&item.sig, |finder| {
            finder.results(&item.sig, &item.block);
            visit::visit_block(finder, &item.block);
        });
    }

    fn visit_trait_item_fn(&mut self, item: &syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, |finder| {
                finder.results(&item.sig, block);
                visit::visit_block(finder, block);
            });
        }
    }

    fn visit_item_mod(&mut self, item: &syn::ItemMod) {
        let test = item.attrs.iter().any(|attr| self.quote(&range(attr)) == "#[cfg(test)]");
        if !test {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Binary(binary) => self.binary(expr, binary),
            Expr::Unary(unary) => self.unary(expr, unary),
            Expr::Lit(literal) => self.literal(literal),
            Expr::Assign(_) => self.assignment(expr),
            Expr::If(branch) => self.condition(&branch.cond),
            Expr::While(repeat) => self.condition(&repeat.cond),
            Expr::Range(bounds) => self.bounds(bounds),
            Expr::Call(call) => self.swap(range(expr), call.args.iter().map(range).collect()),
            Expr::MethodCall(call) => self.swap(range(expr), call.args.iter().map(range).collect()),
            Expr::Match(choice) => self.arms(choice),
            _ => {}
        }
        visit::visit_expr(self, expr);
    }

    // No expressions that run.
    fn visit_pat(&mut self, _: &syn::Pat) {}
    fn visit_attribute(&mut self, _: &syn::Attribute) {}
    fn visit_generic_argument(&mut self, _: &syn::GenericArgument) {}
    fn visit_type(&mut self, _: &Type) {}
    fn visit_item_const(&mut self, _: &syn::ItemConst) {}
    fn visit_impl_item_const(&mut self, _: &syn::ImplItemConst) {}
    fn visit_expr_repeat(&mut self, repeat: &syn::ExprRepeat) {
        self.visit_expr(&repeat.expr);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::points;

    const CODE: &str = "fn least(a: usize, b: usize) -> usize { if a < b { a + 1 } else { max(a, b) } }";

    #[test]
    fn every_kind_is_found_once() {
        let source = points("x.rs", CODE).expect("it parses");
        let found: Vec<&String> = source.points.iter().flat_map(|point| &point.mistakes).collect();
        let expected = [
            "returns `0`",
            "returns `1`",
            "`a < b` -> `<=`",
            "`a < b` -> `>`",
            "`a + 1` -> `-`",
            "`1` -> `0`",
            "`max(a, b)` -> `a` and `b` exchanged",
        ];
        assert_eq!(found, expected.map(|mistake| format!("x.rs: least: {mistake}")).each_ref());
    }

    #[test]
    fn what_is_left_out_is_as_it_was() {
        let source = points("x.rs", CODE).expect("it parses");
        let first: Vec<usize> = (0..source.points.len()).collect();
        assert_eq!(source.render(&first, &first.iter().copied().collect()), CODE);
        let all_but_one: BTreeSet<usize> = first.iter().copied().filter(|&point| point != 4).collect();
        let switched = "/*<4*/(if ::mutant_switch::on(4) { 0 } else { 1 })/*4>*/";
        assert_eq!(source.render(&first, &all_but_one), CODE.replace('1', switched));
    }
}
