//! Random programs run as a whole: once, and again and again with values that are carried from run to run.

use alloc::format;
use alloc::vec::Vec;

use autodiff_core::{Backend, Data, DataBuf, Execute, Role, Slot, Spec, Tensor, WengertList};

use super::RandomProgram;
use crate::failure::Outcome;
use crate::subject::Subject;

/// Run as a whole, twice in the same memory: the same bits.
pub fn eager_and_planned_agree<B: Execute>(program: &RandomProgram, device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(eager_and_planned_agree::<B>, device);
    let inputs = program.put(&subject);
    let expected = program.run(&inputs);
    let list: WengertList<B::Elem> = program.list(|inputs| program.run(inputs));
    for (fuse, times) in [(true, ["planned", "planned, again"]), (false, ["unfused", "unfused, again"])] {
        let mut run = Run::<B>::new(&list, alloc::vec![Role::Given; inputs.len()], fuse, device);
        for time in times {
            run.step(&subject, &inputs)?;
            run.hold(&subject, time, Slot::Output, &expected)?;
        }
    }
    Ok(())
}

/// Run as a whole three times, where inputs become what the program makes of them: the same bits, of outputs and inputs.
pub fn carried_values_agree<B: Execute>(program: &RandomProgram, device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(carried_values_agree::<B>, device);
    let mut inputs = program.put(&subject);
    // What becomes of an input depends on the program, so that each comes to be everything.
    let salt = program.steps.len();
    let list: WengertList<B::Elem> = program.list(|inputs| {
        let results = program.run(inputs);
        let next: Vec<_> = (0..inputs.len()).map(|number| next(salt, number, inputs, &results)).collect();
        [results, next].concat()
    });
    let results = list.outputs().len() - inputs.len();
    let role = |(number, x): (usize, &Tensor<B>)| match (number + salt) % 4 {
        3 => Role::Given,
        _ if x.dtype().is_float() => Role::Carried(results + number),
        _ => Role::Kept,
    };
    let mut run = Run::<B>::new(&list, inputs.iter().enumerate().map(role).collect(), !salt.is_multiple_of(3), device);
    run.write(&subject, &inputs)?;
    for time in ["after a run", "after two", "after three"] {
        let expected = program.run(&inputs);
        let new: Vec<_> = (0..inputs.len()).map(|number| next(salt, number, &inputs, &expected)).collect();
        run.step(&subject, &inputs)?;
        run.hold(&subject, &format!("{time}, outputs"), Slot::Output, &[&expected[..], &new].concat())?;
        for ((x, new), role) in inputs.iter_mut().zip(new).zip(&run.roles) {
            if let Role::Carried(_) = role {
                *x = new;
            }
        }
        run.hold(&subject, &format!("{time}, inputs"), Slot::Input, &inputs)?;
    }
    Ok(())
}

/// What an input becomes: a function of itself, another one, a view of itself, a result, all in turn.
fn next<C: Backend>(salt: usize, number: usize, inputs: &[Tensor<C>], results: &[Tensor<C>]) -> Tensor<C> {
    let x = &inputs[number];
    if !x.dtype().is_float() {
        return x.clone();
    }
    let like = |other: &&Tensor<C>| other.spec() == x.spec();
    let other = inputs[number + 1..].iter().chain(&inputs[..number]).find(like).unwrap_or(x);
    match (number + salt) % 5 {
        0 => x.tanh() - other * 0.25,
        1 => other.clone(),
        2 => x.flip(&(0..x.shape().rank().cast_signed()).collect::<Vec<_>>()),
        4 => x * x,
        _ => results.iter().find(like).unwrap_or(other).tanh(),
    }
}

/// A program and its memory.
struct Run<B: Execute> {
    program: B::Program,
    memory: B::Memory,
    roles: Vec<Role>,
}

impl<B: Execute> Run<B> {
    fn new(list: &WengertList<B::Elem>, roles: Vec<Role>, fuse: bool, device: &B::Device) -> Self {
        Self { program: B::compile(list, &roles, fuse, device), memory: B::Memory::default(), roles }
    }

    /// Gives the inputs that are kept their values.
    fn write(&mut self, subject: &Subject<B>, inputs: &[Tensor<B>]) -> Outcome {
        for (number, (x, role)) in inputs.iter().zip(&self.roles).enumerate() {
            if *role != Role::Given {
                let data: DataBuf<B::Elem> = x.to_data();
                let data: Data<'_, B::Elem> = data.as_data();
                B::write(&self.program, &mut self.memory, number, data)
                    .map_err(|error| subject.failure("write".into(), number, error, "a written input"))?;
            }
        }
        Ok(())
    }

    fn step(&mut self, subject: &Subject<B>, inputs: &[Tensor<B>]) -> Outcome {
        let given = inputs.iter().zip(&self.roles).filter(|(_, role)| **role == Role::Given);
        let given: Vec<_> = given.map(|(x, _)| x.clone()).collect();
        B::run(&self.program, &mut self.memory, &given)
            .map_err(|error| subject.failure("run".into(), 0, error, "a run"))
    }

    /// The values in the memory have these bits; nothing is asked of inputs that are given.
    fn hold(&self, subject: &Subject<B>, label: &str, slot: fn(usize) -> Slot, expected: &[Tensor<B>]) -> Outcome {
        for (number, expected) in expected.iter().enumerate() {
            if slot(number) == Slot::Input(number) && self.roles[number] == Role::Given {
                continue;
            }
            let (Spec { shape, dtype }, expected) = (expected.spec(), expected.to_data());
            let mut found = DataBuf::zeros(dtype, shape.elements());
            B::read(&self.program, &self.memory, slot(number), found.as_data_mut())
                .map_err(|error| subject.failure(label.into(), number, error, "a value that can be read"))?;
            let holds = found.same_bits(&expected);
            subject.hold(&format!("{label}: {number}"), holds, format!("{found:?}"), format!("{expected:?}"))?;
        }
        Ok(())
    }
}
