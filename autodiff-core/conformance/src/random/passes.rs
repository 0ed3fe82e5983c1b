//! Random programs behind the passes.

use autodiff_core::{
    AbsorbTransposes, Accumulate, Execute, FoldConstants, JoinParts, Pass, Passes, Simplify, Tensor, WengertList,
};

use super::{RandomProgram, same};
use crate::failure::Outcome;
use crate::subject::Subject;

/// Behind each pass, and behind all of them, a program of whose inputs every other is a constant has the same bits.
pub fn passes_change_nothing<B: Execute>(program: &RandomProgram, device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(passes_change_nothing::<B>, device);
    let inputs = program.put(&subject);
    let expected = program.run(&inputs);
    let list: WengertList<B::Elem> = program.list(|traced| {
        let mut mixed = traced.to_vec();
        for (x, traced) in inputs.iter().zip(&mut mixed).skip(1).step_by(2) {
            *traced = Tensor::from_data(x.to_data().as_data(), x.shape(), &());
        }
        program.run(&mixed)
    });
    let fold = FoldConstants::<B>::new();
    for pass in [&Simplify as &dyn Pass<B::Elem>, &fold, &JoinParts, &Accumulate, &AbsorbTransposes] {
        same(&subject, pass.name(), &pass.run(&list).eval(&inputs), &expected)?;
    }
    let (all, _) = Passes { memory_limit: Some(0), ..Passes::default() }.run::<B>(&list);
    same(&subject, "all passes", &all.eval(&inputs), &expected)
}
