//! The macro that makes tests of all properties, and the list of them.

/// All properties as tests of one backend, in a module of this name.
///
/// ```text
/// conformance::backend!(toy_f32, Toy<f32>);
/// conformance::backend!(toy_f32_recorded, Autodiff<Toy<f32>>);
/// conformance::backend!(toy_f32_replayed, conformance::Replay<Toy<f32>>);
/// ```
///
/// To be called where `std` is: it takes that to see that an index out of range panics.
#[macro_export]
macro_rules! backend {
    ($name:ident, $B:ty) => {
        mod $name {
            #[allow(unused_imports, reason = "the backend may be named by its path or by an import outside")]
            use super::*;
            type UnderTest = $crate::Erased<$crate::ElementOf<$B>>;

            fn device() -> $crate::Place<$crate::ElementOf<$B>> {
                $crate::Place::of::<$B>(::core::default::Default::default())
            }

            $crate::properties! { $crate::tests }

            #[test]
            fn indices_out_of_range_are_named() {
                for trial in $crate::gather::out_of_range::<UnderTest>() {
                    let run = ::std::panic::AssertUnwindSafe(|| (trial.run)(&device()));
                    let caught = ::std::panic::catch_unwind(run);
                    let outcome = caught.as_ref().map(|()| ()).map_err(|payload| &**payload);
                    if let Err(failure) = trial.judge(&device(), outcome) {
                        panic!("{failure}");
                    }
                }
            }

            #[test]
            fn operations_from_outside_are_computed() {
                if let Err(failure) = $crate::graph::operations_from_outside_are_computed::<$B>() {
                    panic!("{failure}");
                }
            }
        }
    };
}

/// The list of all properties, by family. A test of this crate holds it against the functions that there are.
#[doc(hidden)]
#[macro_export]
macro_rules! properties {
    ($what:path) => {
        $what! {
            transfer:
                round_trip round_trip_of_special_numbers views_are_read_in_order clones_share
                tensors_know_their_device;
            source: constants positions random_bits random_bits_known_answer random_numbers;
            cast: between_floats to_index from_index of_every_shape;
            unary:
                of_moderate_numbers of_small_numbers of_large_numbers of_special_numbers of_halves in_every_format
                of_every_shape;
            binary:
                of_special_numbers of_moderate_numbers in_every_format of_indices operators_of_indices comparisons
                choices of_every_shape operators_broadcast;
            reduce:
                along_every_set_of_axes along_axes_of_the_highest_ranks of_special_numbers of_many_terms
                in_every_format of_indices methods statistics positions_along_every_axis positions_of_ties;
            scan:
                running_sums running_sums_of_many_and_special_numbers sorted_orders sorted_orders_of_ties methods;
            matmul: of_matrices of_larger_matrices of_batches in_every_format of_special_numbers method;
            movement:
                reshape permute flip broadcast slice pad concat in_every_format of_special_numbers barrier
                chains_of_views triangles;
            window:
                convolutions_along_an_axis convolutions sums sums_in_every_format positions convolutions_of_nothing
                convolutions_in_every_format convolutions_of_special_numbers convolution_methods pooling pooling_methods
                pooling_derivatives interpolation interpolation_methods;
            gather: gather scatter_add scatter_add_of_fractions of_special_numbers scatter smaller_indices index_select;
            composite:
                of_every_shape of_large_numbers of_infinities in_every_format cross_entropy normalize attend add_products
                as_their_bodies formulas;
            gradient: unary binary reduce matmul window movement gather composite half;
            curvature: unary binary reduce matmul window movement gather composite;
            adjoint: of_linear_operations;
            convention:
                relu_at_zero abs_at_zero maximum_and_minimum_on_a_tie extremes_share sorted_values_go_back
                products_at_zero deviations_at_zero overwritten_places_have_slope_zero select_takes_one_side powers_at_zero
                steps_have_no_gradient angles_on_the_axes angles_far_and_near softplus_at_zero
                of_no_elements;
            graph:
                fan_out_adds_up tied_parameters_add_up what_is_not_reached_has_none detached_values_are_constants
                asking_keeps_the_graph cotangents_weigh casts_go_back
                users_operations_declare_their_rule;
            program:
                eager_and_replayed_agree two_traces_are_equal rewritten_lists_agree lists_are_differentiated
                micrograd;
        }
    };
}

/// A test of each property.
#[doc(hidden)]
#[macro_export]
macro_rules! tests {
    ($($family:ident: $($property:ident)*;)*) => {
        $(mod $family {
            $(#[test]
            fn $property() {
                if let Err(failure) = $crate::$family::$property::<super::UnderTest>(&super::device()) {
                    panic!("{failure}");
                }
            })*
        })*
    };
}

/// All properties for each element: compiled with this crate, once, for the tests of all backends, which take from it
/// what is generic (at the optimisation levels 0 and 1). Only where tests run at all, and not for this crate's own.
#[cfg(all(panic = "unwind", not(test)))]
mod compiled {
    use core::marker::PhantomData;

    use autodiff_core::{Element, bf16, f16};

    use crate::random::{self, RandomProgram};
    use crate::{Erased, Outcome, Place};

    struct All<E>(PhantomData<E>);

    macro_rules! list {
        ($($family:ident: $($property:ident)*;)*) => {
            impl<E: Element> All<E> {
                const PROPERTIES: &'static [fn(&Place<E>) -> Outcome] =
                    &[$($(crate::$family::$property::<Erased<E>>,)*)*];
            }
        };
    }

    crate::properties! { list }

    impl<E: Element> All<E> {
        const OF_PROGRAMS: &'static [fn(&RandomProgram, &Place<E>) -> Outcome] = &[
            random::steps_mean_what_they_say::<Erased<E>>,
            random::composites_agree_with_bodies::<Erased<E>>,
            random::eager_and_listed_agree::<Erased<E>>,
            random::gradients_agree::<Erased<E>>,
            random::curvatures_agree::<Erased<E>>,
            random::linear_steps_have_adjoints::<Erased<E>>,
        ];
    }

    #[used]
    static PROGRAMS: &[fn(&RandomProgram, &Place<f64>) -> Outcome] = All::<f64>::OF_PROGRAMS;

    macro_rules! elements {
        ($($name:ident: $E:ty;)*) => {
            $(#[used]
            static $name: &[fn(&Place<$E>) -> Outcome] = All::<$E>::PROPERTIES;)*
        };
    }

    elements! {
        F32: f32;
        F64: f64;
        F16: f16;
        BF16: bf16;
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    /// The functions of a family that are properties: those that take a backend alone, or are listed in its `families!`.
    fn properties(source: &str) -> Vec<&str> {
        let mut found = Vec::new();
        let mut listed = false;
        for line in source.lines() {
            listed = line.starts_with("families! {") || listed && line != "}";
            let name = match line.strip_prefix("pub fn ") {
                Some(rest) if line.ends_with("<B: Backend>(device: &B::Device) -> Outcome {") => rest.split('<').next(),
                _ if listed => line.trim().strip_suffix(';'),
                _ => None,
            };
            found.extend(name);
        }
        found
    }

    macro_rules! sources {
        ($($family:ident)*) => {
            [$((stringify!($family), include_str!(concat!(stringify!($family), ".rs")))),*]
        };
    }

    /// A property that is not in the list would never run.
    #[test]
    fn every_property_is_listed() {
        let sources = sources! {
            transfer source cast unary binary reduce scan matmul window movement gather composite gradient curvature adjoint convention
            graph program
        };
        let list = include_str!("suite.rs");
        for (family, source) in sources {
            let start = list.find(&alloc::format!("            {family}:")).unwrap();
            let line = list[start..].split(':').nth(1).and_then(|rest| rest.split(';').next()).unwrap();
            let listed: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(listed, properties(source), "{family}");
            assert!(!listed.is_empty());
        }
    }
}
