//! Learning rates step by step, through the `optim` crate.

use autodiff_core::{Backend, Element, Tensor};
use optim::schedule::{
    AnnealStrategy, ConstantLr, CosineAnnealingLr, CosineAnnealingWarmRestarts, CyclicLr, CyclicMode, ExponentialLr,
    LinearLr, MultiStepLr, OneCycleLr, PlateauMode, PolynomialLr, ReduceLrOnPlateau, Schedule, StepLr, ThresholdMode,
    WarmupLinearDecay,
};

use crate::golden::call::{Attribute, Call, Function, Outputs, Unsupported};

pub(super) fn find<B: Backend>(op: &str) -> Option<Function<B>> {
    let function: Function<B> = match op.strip_prefix("lr_schedule/")? {
        "step" => |c| {
            let step_size = count(c, "step_size")?;
            rates(c, &StepLr { gamma: or(c, "gamma", 0.1)?, ..StepLr::new(step_size) })
        },
        "multistep" => |c| {
            let milestones = whole(c, "milestones", c.attribute("milestones")?)?;
            rates(c, &MultiStepLr { gamma: or(c, "gamma", 0.1)?, ..MultiStepLr::new(milestones) })
        },
        "exponential" => |c| rates(c, &ExponentialLr::new(c.attribute("gamma")?)),
        "constant" => |c| {
            let default = ConstantLr::default();
            let total_iters = count_or(c, "total_iters", default.total_iters)?;
            rates(c, &ConstantLr { factor: or(c, "factor", default.factor)?, total_iters })
        },
        "linear" | "warmup_linear" => |c| {
            let default = LinearLr::default();
            let (start_factor, end_factor) =
                (or(c, "start_factor", default.start_factor)?, or(c, "end_factor", default.end_factor)?);
            let total_iters = count_or(c, "total_iters", default.total_iters)?;
            rates(c, &LinearLr { start_factor, end_factor, total_iters })
        },
        "warmup_linear_decay" => |c| {
            let (warmup_steps, total_steps) = (count(c, "warmup_steps")?, count(c, "total_steps")?);
            rates(c, &WarmupLinearDecay { warmup_steps, total_steps })
        },
        "polynomial" => |c| {
            let default = PolynomialLr::default();
            let total_iters = count_or(c, "total_iters", default.total_iters)?;
            rates(c, &PolynomialLr { total_iters, power: or(c, "power", default.power)? })
        },
        "cosine" => |c| {
            let t_max = count(c, "T_max")?;
            rates(c, &CosineAnnealingLr { eta_min: or(c, "eta_min", 0.0)?, ..CosineAnnealingLr::new(t_max) })
        },
        "cosine_warm_restarts" => |c| {
            let (t_0, t_mult) = (count(c, "T_0")?, count_or(c, "T_mult", 1)?);
            rates(c, &CosineAnnealingWarmRestarts { t_0, t_mult, eta_min: or(c, "eta_min", 0.0)? })
        },
        "cyclic" => |c| rates(c, &cyclic(c)?),
        "one_cycle" => |c| Ok(lrs(c, &every(c, &one_cycle(c)?, 0.0)?)),
        "reduce_on_plateau" => plateau,
        _ => return None,
    };
    Some(function)
}

/// An attribute, or what it is where it is not given.
fn or<B: Backend, T: Attribute>(c: &Call<'_, B>, name: &str, default: T) -> Result<T, Unsupported> {
    Ok(c.option(name)?.unwrap_or(default))
}

/// Numbers of steps, of 32 bits.
fn whole<B: Backend>(c: &Call<'_, B>, name: &str, steps: Vec<usize>) -> Result<Vec<u32>, Unsupported> {
    steps.into_iter().map(u32::try_from).collect::<Result<_, _>>().or_else(|_| c.unknown(name))
}

fn count<B: Backend>(c: &Call<'_, B>, name: &str) -> Result<u32, Unsupported> {
    u32::try_from(c.attribute::<usize>(name)?).or_else(|_| c.unknown(name))
}

fn count_or<B: Backend>(c: &Call<'_, B>, name: &str, default: u32) -> Result<u32, Unsupported> {
    if c.option::<usize>(name)?.is_some() { count(c, name) } else { Ok(default) }
}

/// One of the words that an attribute may be, the first where it is not given.
fn word<B: Backend, T: Copy>(c: &Call<'_, B>, name: &str, words: &[(&str, T)]) -> Result<T, Unsupported> {
    let given = or(c, name, words[0].0.to_owned())?;
    words.iter().find(|(word, _)| *word == given).map_or_else(|| c.unknown(name), |(_, meaning)| Ok(*meaning))
}

fn cyclic<B: Backend>(c: &Call<'_, B>) -> Result<CyclicLr, Unsupported> {
    let step_size_up = count_or(c, "step_size_up", 2000)?;
    let modes = [
        ("triangular", CyclicMode::Triangular),
        ("triangular2", CyclicMode::Triangular2),
        ("exp_range", CyclicMode::ExpRange(or(c, "gamma", 1.0)?)),
    ];
    Ok(CyclicLr {
        step_size_down: count_or(c, "step_size_down", step_size_up)?,
        mode: word(c, "mode", &modes)?,
        ..CyclicLr::new(c.attribute("max_lr")?, step_size_up)
    })
}

fn one_cycle<B: Backend>(c: &Call<'_, B>) -> Result<OneCycleLr, Unsupported> {
    let default = OneCycleLr::new(c.attribute("max_lr")?, count(c, "total_steps")?);
    Ok(OneCycleLr {
        pct_start: or(c, "pct_start", default.pct_start)?,
        anneal_strategy: word(
            c,
            "anneal_strategy",
            &[("cos", AnnealStrategy::Cos), ("linear", AnnealStrategy::Linear)],
        )?,
        div_factor: or(c, "div_factor", default.div_factor)?,
        final_div_factor: or(c, "final_div_factor", default.final_div_factor)?,
        three_phase: or(c, "three_phase", default.three_phase)?,
        ..default
    })
}

/// `lrs[t]` before `metrics[t]` is reported, and last that after all of them.
fn plateau<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let default = ReduceLrOnPlateau::default();
    let settings = ReduceLrOnPlateau {
        mode: word(c, "mode", &[("min", PlateauMode::Min), ("max", PlateauMode::Max)])?,
        factor: or(c, "factor", default.factor)?,
        patience: count_or(c, "patience", default.patience)?,
        threshold: or(c, "threshold", default.threshold)?,
        threshold_mode: word(c, "threshold_mode", &[("rel", ThresholdMode::Rel), ("abs", ThresholdMode::Abs)])?,
        cooldown: count_or(c, "cooldown", default.cooldown)?,
        min_lr: or(c, "min_lr", default.min_lr)?,
        eps: or(c, "eps", default.eps)?,
    };
    let metrics: Vec<f64> = c.attribute("metrics")?;
    c.expect("steps", metrics.len() + 1)?;
    let mut plateau = settings.start(c.attribute("lr")?);
    let mut rates = vec![plateau.lr()];
    rates.extend(metrics.into_iter().map(|metric| plateau.report(metric)));
    Ok(lrs(c, &rates))
}

fn rates<B: Backend>(c: &Call<'_, B>, schedule: &impl Schedule) -> Result<Outputs<B>, Unsupported> {
    Ok(lrs(c, &every(c, schedule, c.attribute("lr")?)?))
}

/// `lrs[t]` is the rate of step `t`, from 0.
fn every<B: Backend>(c: &Call<'_, B>, schedule: &impl Schedule, lr: f64) -> Result<Vec<f64>, Unsupported> {
    Ok((0..count(c, "steps")?).map(|step| schedule.at(lr, step)).collect())
}

fn lrs<B: Backend>(c: &Call<'_, B>, rates: &[f64]) -> Outputs<B> {
    let elements: Vec<_> = rates.iter().map(|&rate| B::Elem::from_f64(rate)).collect();
    vec![("lrs".into(), Tensor::from_slice(&elements, [rates.len()], c.device()))]
}
