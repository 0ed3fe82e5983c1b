//! [`Profile`]: what each operation costs while it runs.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::list::{bytes, moved, traced_flops};
use crate::{Backend, Composite, Data, DataBuf, Op, Primitive, Shape, Shared, Spec, Tensor};

/// The backend that computes on `B` and notes how often each operation ran, how long, and with how many operations on
/// numbers and bytes.
///
/// The notes are kept with the [device](ProfileDevice), so that two profiles never mix. `Autodiff<Profile<B>>` shows the
/// backward pass too; `Profile<Autodiff<B>>` what recording costs beside computing. A composite and a user's operation are
/// one line, counted as what they are made of. A user's operation without inputs has no device to be noted with but that
/// of its result, which is a new one.
///
/// ```
/// use autodiff_core::{Autodiff, Profile, ProfileDevice, Tensor};
/// use backend_cpu::Cpu;
///
/// let device = ProfileDevice::default();
/// let x = Tensor::<Autodiff<Profile<Cpu<f32>>>>::ones([8, 4], &device);
/// let w = Tensor::variable(Tensor::ones([4, 2], &device));
/// let _ = x.matmul(&w).tanh().sum().backward();
///
/// let report = device.report();
/// println!("{report}"); // a table, what took longest first
/// let matmul = report.row("matmul").unwrap();
/// assert_eq!((matmul.calls, matmul.flops), (2, 2 * (2 * 8 * 4 * 2))); // once more for the gradient
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Profile<B>(PhantomData<B>);

/// A value of [`Profile`].
#[derive(Clone, Debug)]
pub struct Timed<B: Backend> {
    value: Tensor<B>,
    device: ProfileDevice<B::Device>,
}

/// A device of the inner backend and the notes of what ran there; clones share them.
#[derive(Clone, Debug, Default)]
pub struct ProfileDevice<D> {
    device: D,
    notes: Shared<Mutex<Notes>>,
}

#[derive(Debug, Default)]
struct Notes {
    rows: BTreeMap<&'static str, ProfileRow>,
    /// The operations on numbers of composites, whose bodies are traced to be counted. Not those of users' operations: these
    /// may hold anything, which would live as long as the device.
    flops: BTreeMap<(Composite, Vec<Spec>), u64>,
}

impl<D: PartialEq> PartialEq for ProfileDevice<D> {
    fn eq(&self, other: &Self) -> bool {
        self.device == other.device && Shared::ptr_eq(&self.notes, &other.notes)
    }
}

/// What one operation has cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProfileRow {
    /// How often it ran.
    pub calls: u64,
    /// How long, all calls together.
    pub time: Duration,
    /// Operations on numbers, as [`Primitive::flops`] counts them.
    pub flops: u64,
    /// Bytes read and written; what yields a view moves none.
    pub bytes: u64,
}

/// What operations have cost up to one moment, the one that took longest first; prints as a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileReport {
    rows: Vec<(&'static str, ProfileRow)>,
}

impl<D> ProfileDevice<D> {
    /// Nothing noted yet.
    #[must_use]
    pub fn new(device: D) -> Self {
        Self { device, notes: Shared::default() }
    }

    /// What was noted so far.
    #[must_use]
    pub fn report(&self) -> ProfileReport {
        let mut rows: Vec<_> = self.with_notes(|notes| notes.rows.iter().map(|(op, row)| (*op, *row)).collect());
        rows.sort_by_key(|(_, row)| core::cmp::Reverse(row.time));
        ProfileReport { rows }
    }

    /// Forgets what was noted.
    pub fn reset(&self) {
        self.with_notes(|notes| notes.rows.clear());
    }

    /// A panic in between leaves whole rows behind, so that a poisoned lock is as good as another.
    fn with_notes<R>(&self, f: impl FnOnce(&mut Notes) -> R) -> R {
        f(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn flops(&self, op: &Primitive, inputs: &[Spec], out: &Spec) -> u64 {
        match op {
            Primitive::Call(composite) => self.with_notes(|notes| {
                let known = notes.flops.entry((*composite, inputs.to_vec()));
                *known.or_insert_with(|| op.flops(inputs, out))
            }),
            _ => op.flops(inputs, out),
        }
    }

    fn note(&self, op: &'static str, time: Duration, [flops, bytes]: [u64; 2]) {
        self.with_notes(|notes| {
            let row = notes.rows.entry(op).or_default();
            row.calls += 1;
            row.time += time;
            row.flops = row.flops.saturating_add(flops);
            row.bytes = row.bytes.saturating_add(bytes);
        });
    }
}

impl ProfileReport {
    /// The operations by name, the one that took longest first.
    #[must_use]
    pub fn rows(&self) -> &[(&'static str, ProfileRow)] {
        &self.rows
    }

    /// One operation's row.
    #[must_use]
    pub fn row(&self, op: &str) -> Option<&ProfileRow> {
        self.rows.iter().find(|(name, _)| *name == op).map(|(_, row)| row)
    }
}

impl fmt::Display for ProfileReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: f64 = self.rows.iter().map(|(_, row)| row.time.as_secs_f64()).sum();
        writeln!(f, "{:<20} {:>9} {:>12} {:>7} {:>9} {:>9}", "operation", "calls", "ms", "share", "GFLOP/s", "GB/s")?;
        for (op, row) in &self.rows {
            let seconds = row.time.as_secs_f64();
            let share = if total > 0.0 { 100.0 * seconds / total } else { 0.0 };
            let [flops, bytes] = [row.flops, row.bytes].map(|count| giga_per_second(count, seconds));
            let (calls, ms) = (row.calls, seconds * 1e3);
            writeln!(f, "{op:<20} {calls:>9} {ms:>12.3} {share:>6.1}% {flops:>9.2} {bytes:>9.2}")?;
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate is shown to three digits")]
fn giga_per_second(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { count as f64 / seconds / 1e9 } else { 0.0 }
}

impl<B: Backend> Backend for Profile<B> {
    type Elem = B::Elem;
    type Device = ProfileDevice<B::Device>;
    type Tensor = Timed<B>;

    fn from_data(data: Data<'_, B::Elem>, shape: &Shape, device: &Self::Device) -> Timed<B> {
        let start = Instant::now();
        let raw = B::from_data(data, shape, &device.device);
        device.note("from_data", start.elapsed(), [0, bytes::<B::Elem>(&B::spec(&raw))]);
        Timed::new(raw, device)
    }

    fn to_data(tensor: &Timed<B>) -> DataBuf<B::Elem> {
        let start = Instant::now();
        let data = tensor.value.to_data();
        tensor.device.note("to_data", start.elapsed(), [0, bytes::<B::Elem>(&tensor.value.spec())]);
        data
    }

    fn spec(tensor: &Timed<B>) -> Spec {
        tensor.value.spec()
    }

    fn device(tensor: &Timed<B>) -> &Self::Device {
        &tensor.device
    }

    fn apply(op: &Primitive, inputs: &[&Timed<B>], out: &Spec, device: &Self::Device) -> Timed<B> {
        let (raw, specs) = split(inputs);
        let start = Instant::now();
        let result = B::apply(op, &raw, out, &device.device);
        let time = start.elapsed();
        device.note(op.name(), time, [device.flops(op, &specs, out), moved::<B::Elem>(op, &specs, out)]);
        Timed::new(result, device)
    }

    fn custom<O: Op>(op: &O, inputs: &[&Timed<B>]) -> Timed<B> {
        let (raw, specs) = split(inputs);
        let device = inputs.first().map(|input| input.device.clone()).unwrap_or_default();
        let start = Instant::now();
        let result = B::custom(op, &raw);
        let time = start.elapsed();
        let moved = specs.iter().chain([&B::spec(&result)]).map(bytes::<B::Elem>).fold(0, u64::saturating_add);
        device.note(op.name(), time, [traced_flops(&specs, |x| op.forward(x)), moved]);
        Timed::new(result, &device)
    }
}

fn split<'a, B: Backend>(inputs: &[&'a Timed<B>]) -> (Vec<&'a B::Tensor>, Vec<Spec>) {
    inputs.iter().map(|input| (input.value.raw(), input.value.spec())).unzip()
}

impl<B: Backend> Timed<B> {
    fn new(raw: B::Tensor, device: &ProfileDevice<B::Device>) -> Self {
        Self { value: Tensor::from_raw(raw), device: device.clone() }
    }
}

impl<B: Backend> Tensor<Profile<B>> {
    /// A tensor of `B`; what is computed from it is noted with the device.
    #[must_use]
    pub const fn profiled(value: Tensor<B>, device: ProfileDevice<B::Device>) -> Self {
        Self::from_raw(Timed { value, device })
    }

    /// The tensor of `B`.
    #[must_use]
    pub const fn value(&self) -> &Tensor<B> {
        &self.raw().value
    }
}
