//! What can be mistaken in an expression, and how it is written with the mistake beside what is right.

use std::ops::Range;

use syn::{BinOp, Expr, UnOp};

use super::{Finder, range, text};
use crate::point::Piece;

/// One function for each kind of expression.
impl Finder<'_> {
    pub(super) fn binary(&mut self, expr: &Expr, binary: &syn::ExprBinary) {
        let (left, op, right) = (&*binary.left, &binary.op, &*binary.right);
        let others: &[&str] = match op {
            BinOp::Add(_) => &["-"],
            BinOp::Sub(_) => &["+"],
            BinOp::Mul(_) => &["/"],
            BinOp::Div(_) | BinOp::Rem(_) => &["*"],
            BinOp::Eq(_) => &["!="],
            BinOp::Ne(_) => &["=="],
            BinOp::Lt(_) => &["<=", ">"],
            BinOp::Le(_) => &["<", ">="],
            BinOp::Gt(_) => &[">=", "<"],
            BinOp::Ge(_) => &[">", "<="],
            BinOp::BitXor(_) => &["&"],
            BinOp::BitAnd(_) => &["|"],
            BinOp::BitOr(_) => &["&"],
            BinOp::Shl(_) => &[">>"],
            BinOp::Shr(_) => &["<<"],
            BinOp::And(_) | BinOp::Or(_) => {
                if !has_let(left) && !has_let(right) {
                    self.junction(expr, left, right, matches!(op, BinOp::And(_)));
                }
                return;
            }
            _ => return self.assignment(expr),
        };
        self.operator(expr, left, op, right, others);
    }

    pub(super) fn unary(&mut self, expr: &Expr, unary: &syn::ExprUnary) {
        let sign = match unary.op {
            UnOp::Neg(_) => "-",
            UnOp::Not(_) => "!",
            _ => return,
        };
        let inner = range(&*unary.expr);
        let pieces = vec![
            text("(match "),
            Piece::Source(inner.clone()),
            text(" { v => if "),
            Piece::On(0),
            text(format!(" {{ v.clone() }} else {{ {sign}v }} }})")),
        ];
        let mistake = format!("`{}` -> without `{sign}`", self.quote(&range(expr)));
        self.add(range(expr), pieces, vec![mistake]);
    }

    pub(super) fn literal(&mut self, literal: &syn::ExprLit) {
        let (at, suffix) = match &literal.lit {
            syn::Lit::Int(number) => (range(number), number.suffix().to_string()),
            syn::Lit::Float(number) => (range(number), number.suffix().to_string()),
            _ => return,
        };
        let own = self.quote(&at);
        let digits = own.strip_suffix(&*suffix).unwrap_or(&own).trim_end_matches('_').replace('_', "");
        let other = match &literal.lit {
            syn::Lit::Int(number) => match number.base10_parse::<u128>() {
                Ok(1) => format!("0{suffix}"),
                Ok(number) => format!("{}{suffix}", number + 1),
                Err(_) => return,
            },
            _ => match digits.parse::<f64>() {
                Ok(number) => format!("{:?}{suffix}", number + 1.0),
                Err(_) => return,
            },
        };
        self.replace(at, vec![text(other.clone())], format!("`{own}` -> `{other}`"));
    }

    /// An assignment, plain or with an operator, left out; the operator exchanged.
    pub(super) fn assignment(&mut self, expr: &Expr) {
        let at = range(expr);
        let quoted = self.quote(&at);
        let mut pieces = vec![text("{ if "), Piece::On(0), text(" {} else ")];
        let mut mistakes = vec![format!("`{quoted}` left out")];
        if let Expr::Binary(binary) = expr {
            let other = match binary.op {
                BinOp::AddAssign(_) => "-=",
                BinOp::SubAssign(_) => "+=",
                BinOp::MulAssign(_) => "/=",
                BinOp::DivAssign(_) => "*=",
                _ => return,
            };
            let (left, right) = (range(&*binary.left), range(&*binary.right));
            pieces.extend([text("if "), Piece::On(1), text(" { "), Piece::Source(left), text(format!(" {other} "))]);
            pieces.extend([Piece::Source(right), text("; } else ")]);
            mistakes.push(format!("`{quoted}` -> `{other}`"));
        }
        pieces.extend([text("{ "), Piece::Source(at.clone()), text("; } }")]);
        self.add(at, pieces, mistakes);
    }

    /// A range that ends one later.
    pub(super) fn bounds(&mut self, bounds: &syn::ExprRange) {
        if let Some(end) = &bounds.end
            && !matches!(**end, Expr::Lit(_))
        {
            let at = range(&**end);
            let pieces =
                vec![text("(("), Piece::Source(at.clone()), text(") + usize::from("), Piece::On(0), text("))")];
            let mistake = format!("`{}` -> ends one later", self.quote(&range(bounds)));
            self.add(at, pieces, vec![mistake]);
        }
    }

    /// Arms left out, where a later one takes everything; guards turned round.
    pub(super) fn arms(&mut self, choice: &syn::ExprMatch) {
        for (place, arm) in choice.arms.iter().enumerate() {
            if let Some((_, guard)) = &arm.guard {
                self.condition(guard);
                continue;
            }
            let rest = &choice.arms[place + 1..];
            let takes_all = |pattern: &syn::Pat| match pattern {
                syn::Pat::Wild(_) => true,
                syn::Pat::Ident(name) => name.ident.to_string().starts_with(char::is_lowercase),
                _ => false,
            };
            let wild = |arm: &syn::Arm| arm.guard.is_none() && takes_all(&arm.pat);
            if rest.iter().any(wild) {
                let end = range(&arm.pat).end;
                let pieces = vec![text(" if !"), Piece::On(0)];
                let mistake = format!("arm `{}` left out", self.quote(&range(&arm.pat)));
                self.add(end..end, pieces, vec![mistake]);
            }
        }
    }
}

/// What they have in common.
impl Finder<'_> {
    /// `left op right` with other operators.
    fn operator(&mut self, expr: &Expr, left: &Expr, op: &BinOp, right: &Expr, others: &[&str]) {
        let (left, right, own) = (range(left), range(right), self.quote(&range(op)));
        // What is compared is not moved; what is added is.
        let borrow =
            if matches!(op, BinOp::Eq(_) | BinOp::Ne(_) | BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_)) {
                "&"
            } else {
                ""
            };
        let mut pieces = vec![text(format!("(match ({borrow}(")), Piece::Source(left.clone())];
        pieces.extend([text(format!("), {borrow}(")), Piece::Source(right.clone()), text(")) { (l, r) => ")]);
        for (nth, other) in others.iter().enumerate() {
            pieces.extend([text("if "), Piece::On(nth), text(format!(" {{ l {other} r }} else "))]);
        }
        pieces.push(text(format!("{{ l {own} r }} }})")));
        let (left, right) = (self.quote(&left), self.quote(&right));
        let mistakes = others.iter().map(|other| format!("`{left} {own} {right}` -> `{other}`")).collect();
        self.add(range(expr), pieces, mistakes);
    }

    /// `and` and `or`, the right side only where it is needed.
    fn junction(&mut self, expr: &Expr, left: &Expr, right: &Expr, and: bool) {
        let (left, right) = (range(left), range(right));
        let keep = if and { "l != " } else { "l == " };
        let pieces = vec![
            text("(match "),
            Piece::Source(left),
            text(format!(" {{ l => if {keep}")),
            Piece::On(0),
            text(" { "),
            Piece::Source(right),
            text(" } else { l } })"),
        ];
        let mistake = format!("`{}` -> `{}`", self.quote(&range(expr)), if and { "||" } else { "&&" });
        self.add(range(expr), pieces, vec![mistake]);
    }

    /// One expression or another.
    fn replace(&mut self, at: Range<usize>, wrong: Vec<Piece>, mistake: String) {
        let mut pieces = vec![text("(if "), Piece::On(0), text(" { ")];
        pieces.extend(wrong);
        pieces.extend([text(" } else { "), Piece::Source(at.clone()), text(" })")]);
        self.add(at, pieces, vec![mistake]);
    }

    pub(super) fn condition(&mut self, condition: &Expr) {
        let comparison = matches!(condition, Expr::Binary(_) | Expr::Let(_) | Expr::Unary(_));
        if !comparison {
            let at = range(condition);
            let pieces = vec![text("(("), Piece::Source(at.clone()), text(") != "), Piece::On(0), text(")")];
            let mistake = format!("`if {}` -> `if !`", self.quote(&at));
            self.add(at, pieces, vec![mistake]);
        }
    }

    /// Each two neighbours among the arguments exchanged.
    pub(super) fn swap(&mut self, call: Range<usize>, args: Vec<Range<usize>>) {
        for pair in args.windows(2) {
            let (a, b) = (pair[0].clone(), pair[1].clone());
            if self.quote(&a) == self.quote(&b) {
                continue;
            }
            let wrong = vec![
                Piece::Source(call.start..a.start),
                Piece::Source(b.clone()),
                text(", "),
                Piece::Source(a.clone()),
                Piece::Source(b.end..call.end),
            ];
            let mistake = format!("`{}` -> `{}` and `{}` exchanged", self.quote(&call), self.quote(&a), self.quote(&b));
            self.replace(call.clone(), wrong, mistake);
        }
    }
}

fn has_let(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}
