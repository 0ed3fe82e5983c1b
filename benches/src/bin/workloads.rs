//! Times the workloads: see `--help`.

use core::error::Error;
use core::time::Duration;
use std::io::{self, Write};
use std::process::{Command, ExitCode};
use std::time::Instant;

use autodiff_core::{Backend, Execute};
use backend_cpu::{Cpu, CpuDevice};
use backend_faer::{Faer, FaerDevice};
use benches::kernels;
use benches::workloads::{
    Mode, NAMES, PRODUCTS, Step, Timing, Unit, build, build_product, one_gradient, product_name, time,
};
use clap::{Parser, ValueEnum};
use serde_json::json;

type Result<T> = core::result::Result<T, Box<dyn Error>>;

/// Times workloads and prints a line of JSON for each: median, fastest and slowest step, and the last step's loss.
#[derive(Debug, Parser)]
#[command(name = "workloads")]
struct Arguments {
    /// A workload's name, several with commas, the beginning of some with a star behind it, or all; beside them, another
    /// size of some: `deep_chain:2000`, `lstm_lm:128`, `mini_gpt:24`; what it takes to trace and plan one: `compile/mini_gpt:24`;
    /// single operations: `conv/lenet1 forward`, `rows/*`.
    #[arg(long, default_value = "all")]
    workload: String,
    /// What computes.
    #[arg(long, value_enum, default_value = "faer")]
    backend: BackendName,
    /// How a training step is run.
    #[arg(long, value_enum, default_value = "eager")]
    mode: ModeName,
    /// How many threads; the scalar backend has one.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Explains the training steps instead: their lists, plans, memory, and what each instruction takes.
    #[arg(long)]
    explain: bool,
    /// Computes one gradient and ends: what `cold_start` times.
    #[arg(long, hide = true)]
    one_gradient: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum BackendName {
    /// The scalar kernels.
    Cpu,
    /// All cores and their vector units.
    Faer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ModeName {
    /// Operation by operation.
    Eager,
    /// As one list.
    Compiled,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "workloads: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    match arguments.backend {
        BackendName::Cpu => On::<Cpu<f32>, Cpu<f64>> { single: CpuDevice, double: CpuDevice, arguments }.run(),
        BackendName::Faer => {
            let device = FaerDevice::with_threads(arguments.threads)?;
            let on = On::<Faer<f32>, Faer<f64>> { single: device.clone(), double: device.clone(), arguments };
            // Inside, so that no operation has to find its way to the threads.
            device.install(|| on.run().map_err(|error| error.to_string())).map_err(Into::into)
        }
    }
}

fn unknown(name: &str) -> Box<dyn Error> {
    format!("{name} is no workload").into()
}

/// A backend in both precisions.
struct On<'a, S: Backend, D: Backend> {
    single: S::Device,
    double: D::Device,
    arguments: &'a Arguments,
}

impl<S: Execute, D: Execute> On<'_, S, D> {
    fn run(&self) -> Result<()> {
        if self.arguments.one_gradient {
            writeln!(io::stdout(), "{}", one_gradient::<S>(&self.single))?;
            return Ok(());
        }
        let mode = match self.arguments.mode {
            _ if self.arguments.explain => Mode::Explained,
            ModeName::Eager => Mode::Eager,
            ModeName::Compiled => Mode::Compiled,
        };
        let mut any = false;
        let sized = self.arguments.workload.split(',').filter(|name| name.contains(':') && !name.contains('/'));
        for name in NAMES.into_iter().filter(|name| self.wants(name)).chain(sized) {
            let (unit, mut step) = build::<S>(name, mode, &self.single).ok_or_else(|| unknown(name))?;
            if mode == Mode::Explained {
                step()?;
            } else {
                self.report(name, unit, &time(&mut step)?)?;
            }
            any = true;
        }
        for name in self.arguments.workload.split(',') {
            let Some(of) = name.strip_prefix("compile/") else { continue };
            let (_, mut step) = build::<S>(of, Mode::Planned, &self.single).ok_or_else(|| unknown(name))?;
            self.report(name, Unit::MsPerStep, &time(&mut step)?)?;
            any = true;
        }
        for extents in PRODUCTS {
            any |= self.product("f32", extents, || build_product::<S>(mode, extents, &self.single))?;
            any |= self.product("f64", extents, || build_product::<D>(mode, extents, &self.double))?;
        }
        for kernel in kernels::all::<S>(&self.single) {
            let name = format!("{kernel:?}");
            if kernel.family != "matmul" && self.names(&name) {
                let mut run = (kernel.build)();
                let mut step: Step = Box::new(move || {
                    run();
                    Ok(0.0)
                });
                self.report(&name, Unit::UsPerCall, &time(&mut step)?)?;
                any = true;
            }
        }
        if self.wants("cold_start") {
            self.report("cold_start", Unit::MsPerStep, &self.cold_start()?)?;
            any = true;
        }
        if any { Ok(()) } else { Err(unknown(&self.arguments.workload)) }
    }

    /// Whether the product was asked for.
    fn product(&self, elem: &str, extents: [usize; 3], build: impl FnOnce() -> (Unit, Step)) -> Result<bool> {
        let name = product_name(elem, extents);
        let wanted = self.wants(&name);
        if wanted {
            let (unit, mut step) = build();
            self.report(&name, unit, &time(&mut step)?)?;
        }
        Ok(wanted)
    }

    /// Whether a workload was asked for.
    fn wants(&self, name: &str) -> bool {
        self.arguments.workload == "all" || self.names(name)
    }

    fn names(&self, name: &str) -> bool {
        self.arguments.workload.split(',').any(|wanted| match wanted.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => wanted == name,
        })
    }

    fn report(&self, name: &str, unit: Unit, timing: &Timing) -> Result<()> {
        let Arguments { backend, mode, threads, .. } = self.arguments;
        let (fast, slow) = (unit.of(timing.min), unit.of(timing.max));
        let line = json!({
            "runner": format!("{backend:?}-{mode:?}").to_lowercase(),
            "workload": name,
            "unit": unit.name(),
            "threads": threads,
            "median": unit.of(timing.median),
            "min": fast.min(slow),
            "max": fast.max(slow),
            "n": timing.samples,
            "final_loss": timing.loss,
        });
        Ok(writeln!(io::stdout(), "{line}")?)
    }

    /// Fresh processes, from the start to the end of each.
    fn cold_start(&self) -> Result<Timing> {
        let backend = if matches!(self.arguments.backend, BackendName::Cpu) { "cpu" } else { "faer" };
        let threads = self.arguments.threads.to_string();
        let (mut times, mut loss) = (Vec::new(), 0.0);
        for _ in 0..20 {
            let start = Instant::now();
            let child = Command::new(std::env::current_exe()?)
                .args(["--one-gradient", "--backend", backend, "--threads", &threads])
                .output()?;
            times.push(start.elapsed());
            loss = String::from_utf8(child.stdout)?.trim().parse()?;
        }
        times.sort_unstable();
        let [median, min, max]: [Duration; 3] = [times[times.len() / 2], times[0], times[times.len() - 1]];
        Ok(Timing { median, min, max, samples: times.len(), loss })
    }
}
