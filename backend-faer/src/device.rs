//! [`FaerDevice`]: the threads that compute and the memory that is used again.

use std::fmt;
use std::sync::{Arc, OnceLock};

use autodiff_core::{DType, Data, DataBuf, MaybeSendSync, bf16, f16};
use backend_cpu::Resources;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::matmul::warm;
use crate::memory::{Memory, MemoryUse};

/// Going to a pool from outside costs some 15 microseconds; below so many operations that does not pay.
const WORTH_A_POOL: usize = 1 << 17;

/// Threads and memory of the host.
///
/// The default device is one for the whole process. Its threads are those of the pool that it is called in; called from
/// outside of any, those of rayon's own, whose number is that of the processors or what the environment's
/// `RAYON_NUM_THREADS` says. A device [with threads of its own](Self::with_threads) computes on these, except for what is so
/// little that the way to them would take longer: that is done where it is called, in a pool of the caller's by its threads. A
/// training loop that runs [inside](Self::install) the device's pool is spared the way there and back at each operation, and
/// what rayon allocates for every 63rd way there.
///
/// Beside the memory of tensors, kernels have rooms that are kept for the process: as many as all threads need at once, at most
/// a gibibyte.
///
/// Results have the same bits for any number of threads.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_faer::{Faer, FaerDevice};
/// let device = FaerDevice::with_threads(2)?;
/// let x = Tensor::<Faer<f32>>::ones([300, 300], &device);
/// assert_eq!(device.install(|| x.matmul(&x).sum().item()), 27e6);
/// # Ok::<(), backend_faer::ThreadsError>(())
/// ```
#[derive(Clone)]
pub struct FaerDevice(Arc<Parts>);

struct Parts {
    /// None of its own: those of whoever calls.
    threads: Option<ThreadPool>,
    memory: Memory,
}

/// Why there are no threads: the operating system gave none.
pub type ThreadsError = rayon::ThreadPoolBuildError;

impl FaerDevice {
    /// A device of so many threads, at least one, and with memory of its own.
    ///
    /// # Errors
    /// When the operating system does not give that many.
    pub fn with_threads(count: usize) -> Result<Self, ThreadsError> {
        let threads = ThreadPoolBuilder::new().num_threads(count.max(1)).start_handler(|_| warm()).build()?;
        Ok(Self(Arc::new(Parts { threads: Some(threads), memory: Memory::new() })))
    }

    /// Runs `work` on one of the device's threads; operations in it share the others.
    pub fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.0.threads {
            Some(threads) => threads.install(work),
            None if rayon::current_thread_index().is_some() => work(),
            None => rayon::scope(|_| work()),
        }
    }

    /// How many threads operations have, called from here.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.0.threads.as_ref().map_or_else(rayon::current_num_threads, ThreadPool::current_num_threads)
    }

    /// What memory is kept for later tensors.
    #[must_use]
    pub fn memory(&self) -> MemoryUse {
        self.0.memory.using()
    }

    /// Lets go of the memory that is kept, and keeps at most so many bytes from now on.
    pub fn limit_memory(&self, bytes: usize) {
        self.0.memory.limit(bytes);
    }
}

impl Default for FaerDevice {
    fn default() -> Self {
        // Tensors made without naming a device have to find each other, so this one is the process's.
        static DEFAULT: OnceLock<FaerDevice> = OnceLock::new();
        DEFAULT.get_or_init(|| Self(Arc::new(Parts { threads: None, memory: Memory::new() }))).clone()
    }
}

impl PartialEq for FaerDevice {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for FaerDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.threads {
            Some(threads) => write!(f, "FaerDevice of {} threads", threads.current_num_threads()),
            None => f.write_str("FaerDevice"),
        }
    }
}

macro_rules! resources {
    ($($T:ty)*) => {
        $(impl Resources<$T> for FaerDevice {
            fn take(&self, dtype: DType, len: usize) -> DataBuf<$T> {
                self.0.memory.take(dtype, len)
            }

            fn hold(&self, data: Data<'_, $T>) -> DataBuf<$T> {
                let mut room = self.0.memory.take(data.dtype(), data.len());
                room.as_data_mut().first(data.len()).copy_from(data);
                room
            }

            fn give_back(&self, room: DataBuf<$T>) {
                self.0.memory.give_back(room);
            }

            fn run<R: MaybeSendSync>(
                &self,
                cost: impl FnOnce() -> usize,
                work: impl FnOnce() -> R + MaybeSendSync,
            ) -> R {
                let alone = || self.threads() == 1 && rayon::current_thread_index().is_none();
                if cost() < WORTH_A_POOL || alone() { work() } else { self.install(work) }
            }
        })*
    };
}

resources! { f32 f64 f16 bf16 }
