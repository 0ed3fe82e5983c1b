//! Connectionist temporal classification.

use super::*;

/// Of logits, lengths and labels.
fn ctc<B: Backend>(x: &[Tensor<B>], options: &Ctc) -> Tensor<B> {
    let [targets, inputs, lengths] = [1, 2, 3].map(|place| x[place].to_index());
    ctc_loss(&x[0].log_softmax(-1), &targets, &inputs, &lengths, options)
}

#[test]
fn sequences_of_several_lengths() {
    let batch = [
        x(
            &[
                -0.54, -1.12, -1.09, -1.21, -1.18, 0.5, 1.6, 1.36, -0.08, 0.61, 1.2, -1.66, 0.64, 1.64, 1.13, 1.0,
                -0.09, -1.29, 1.16, -0.67, 1.2, 1.89, -0.42, -0.39, 1.79, 0.9, -1.32, -1.49, -1.4, 1.62, 1.23, -1.42,
                1.31, 1.92, 0.63, -0.6, 0.19, -1.48, -1.94, 1.88, 0.6, 0.11, 1.73, -0.26, 1.49,
            ],
            &[5, 3, 3],
        ),
        i(&[1, 2, 1, 2, 2, -7, 1, 99, 0], &[3, 3]),
        i(&[5, 4, 3], &[3]),
        i(&[3, 2, 1], &[3]),
    ];
    check(
        &loss!(|x| ctc(x, &Ctc { reduction: Reduction::None, ..Ctc::default() })),
        &batch,
        &[2.463079277304451, 1.7217142987319622, 0.7024026907415464],
        &[&[
            -0.0741133014887476,
            -0.19588707411355566,
            0.2700003756023033,
            0.03778904311016556,
            0.13631403965271102,
            -0.17410308276287656,
            0.07403481315871203,
            -0.16849695330186915,
            0.09446214014315711,
            0.17336065390643207,
            -0.19680794459096665,
            0.023447290684534567,
            -0.1961422505552409,
            0.5080332710218385,
            -0.3118910204665975,
            0.11009307962405722,
            -0.1805401492481903,
            0.07044706962413311,
            0.07043230016825909,
            0.0031126247347248556,
            -0.07354492490298395,
            -0.10477800951960183,
            0.08261131601473906,
            0.022166693504862767,
            0.008652877169667523,
            -0.039301047414992976,
            0.030648170245325457,
            0.022234789902580196,
            -0.082134127195735,
            0.059899337293154796,
            0.43404413941437175,
            0.03280094591954053,
            -0.4668450853339123,
            0.0,
            0.0,
            0.0,
            0.6581292538608187,
            -0.7490470993613744,
            0.09091784550055565,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
        ]],
    );
    check(&loss!(|x| ctc(x, &Ctc::default())), &batch, &[0.7947620886252259], &[]);
    check(&loss!(|x| ctc(x, &Ctc { reduction: Reduction::Sum, ..Ctc::default() })), &batch, &[4.887196266777959], &[]);
    let last = [
        x(
            &[
                -0.54, -1.12, -1.09, -1.21, -1.18, 0.5, 1.6, 1.36, -0.08, 0.61, 1.2, -1.66, 0.64, 1.64, 1.13, 1.0,
                -0.09, -1.29, 1.16, -0.67, 1.2, 1.89, -0.42, -0.39, 1.79, 0.9, -1.32, -1.49, -1.4, 1.62, 1.23, -1.42,
                1.31, 1.92, 0.63, -0.6, 0.19, -1.48, -1.94, 1.88, 0.6, 0.11, 1.73, -0.26, 1.49,
            ],
            &[5, 3, 3],
        ),
        i(&[0, 1, 0, 1, 1, -7, 0, 99, 2], &[3, 3]),
        i(&[5, 4, 3], &[3]),
        i(&[3, 2, 1], &[3]),
    ];
    check(
        &loss!(|x| ctc(x, &Ctc { blank: 2, ..Ctc::default() })),
        &last,
        &[1.5590946387071967],
        &[&[
            -0.053219475362721896,
            0.02911340650663051,
            0.024106068856091383,
            0.022047558490154603,
            -0.08969756130931167,
            0.06765000281915708,
            -0.10800851199389136,
            0.13289865325558842,
            -0.02489014126169707,
            0.022397410144432563,
            -0.025386899248303174,
            0.002989489103870612,
            0.031149165973335627,
            0.020311306484101663,
            -0.05146047245743729,
            -0.09527181225833635,
            0.07796416933876134,
            0.017307642919575005,
            0.03650106015760136,
            -0.014237289624620703,
            -0.022263770532980655,
            0.1387102464736677,
            -0.0824657139805631,
            -0.056244532493104585,
            -0.08911776711130999,
            0.09406261462753307,
            -0.004944847516223085,
            -0.003163852855253274,
            -0.002041630550095166,
            0.005205483405348441,
            0.07737764269167642,
            -0.07085763057580505,
            -0.006520012115871374,
            0.0,
            0.0,
            0.0,
            -0.017489744668953887,
            0.016002288203241965,
            0.001487456465711922,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
        ]],
    );
}

#[test]
fn sequences_without_labels_or_without_room() {
    let odd = [
        x(
            &[
                1.3, -1.16, -0.99, -0.83, -1.04, 0.35, -0.96, -0.32, -1.48, 1.64, -0.58, -0.17, 0.33, 1.62, -0.32,
                1.67, 0.01, 0.13, 0.09, -1.93, -0.24, -1.27, -1.98, 1.2, -1.31, -0.11, 0.9, 0.23, -0.7, 0.07, 0.22,
                1.14, -1.58, 0.24, -1.01, -0.89,
            ],
            &[4, 3, 3],
        ),
        i(&[1, 1, 2, 2, 1, 2], &[3, 2]),
        i(&[3, 2, 4], &[3]),
        i(&[0, 2, 1], &[3]),
    ];
    check(
        &loss!(|x| ctc(x, &Ctc { zero_infinity: true, reduction: Reduction::None, ..Ctc::default() })),
        &odd,
        &[1.0280138296306616, 0.0, 2.4275848989886253],
        &[],
    );
    check(
        &loss!(|x| ctc(x, &Ctc { zero_infinity: true, ..Ctc::default() })),
        &odd,
        &[1.1518662428730957],
        &[&[
            -0.052442681538385744,
            0.023997879063280242,
            0.0284448024751055,
            0.0,
            0.0,
            0.0,
            -0.10258122751409529,
            0.045814273928302424,
            0.05676695358579287,
            -0.07133304803161837,
            0.028455617498504004,
            0.042877430533114366,
            0.0,
            0.0,
            0.0,
            0.007411009094951574,
            -0.058289859516625686,
            0.050878850421674116,
            -0.1533068275261801,
            0.023881499854597147,
            0.12942532767158296,
            0.0,
            0.0,
            0.0,
            -0.07257202885064748,
            -0.15358231971852015,
            0.22615434856916763,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            -0.06348207319974783,
            -0.003417713308036969,
            0.0668997865077848,
        ]],
    );
    check(
        &loss!(|x| ctc(x, &Ctc { reduction: Reduction::None, ..Ctc::default() })),
        &odd,
        &[1.0280138296306616, f64::INFINITY, 2.4275848989886253],
        &[],
    );
}

#[test]
fn one_sequence_without_an_axis_for_it() {
    let alone = [
        x(&[1.09, 0.03, 0.25, 1.04, 1.65, -0.23, 0.45, 0.02, 0.05, 0.77, -0.19, 0.13], &[4, 3]),
        i(&[1, 2], &[2]),
        i(&[4], &[]),
        i(&[2], &[]),
    ];
    check(
        &loss!(|x| ctc(x, &Ctc::default())),
        &alone,
        &[0.7250566875017465],
        &[&[
            -0.050554377848971925,
            -0.070837675085812,
            0.12139205293478392,
            0.0839139080819396,
            -0.11184069287367392,
            0.027926784791734306,
            0.0779716248439839,
            0.03678245041097418,
            -0.11475407525495808,
            0.08363374299645676,
            0.10022401595462793,
            -0.1838577589510847,
        ]],
    );
}

/// What a path through the frames becomes: repetitions merged, then blanks, which are 0, dropped.
fn labels_of(path: &[usize]) -> Vec<usize> {
    let mut labels = path.to_vec();
    labels.dedup();
    labels.retain(|&label| label != 0);
    labels
}

/// All paths, one after another: the definition.
#[test]
fn the_sum_over_all_paths() {
    let (frames, classes) = (5_u32, 3_usize);
    let logp = draw(3, &[5, 1, 3]).log_softmax(-1);
    let values = logp.to_vec();
    for labels in [&[1, 2][..], &[2, 2], &[1, 2, 1], &[1], &[]] {
        let paths = (0..classes.pow(frames)).map(|path| (0..frames).map(|t| path / classes.pow(t) % classes).collect());
        let fitting = paths.filter(|path: &Vec<usize>| labels_of(path) == labels);
        let probability =
            |path: Vec<usize>| path.iter().zip(values.chunks(3)).map(|(&k, row)| row[k]).sum::<f64>().exp();
        let want = -fitting.map(probability).sum::<f64>().ln();
        let targets: Vec<i32> = labels.iter().map(|&label| i32::try_from(label).unwrap()).collect();
        let length = Index::new(&[i32::try_from(labels.len()).unwrap()], [1]);
        let options = Ctc { reduction: Reduction::Sum, ..Default::default() };
        let found =
            ctc_loss(&logp, &Index::new(&targets, [1, labels.len()]), &Index::new(&[5], [1]), &length, &options);
        check_close(&found, &[want]);
    }
}

/// Probabilities that are 0, also of all classes but one, leave no NaN behind; what has no path has no gradient.
#[test]
fn what_is_impossible_leaves_no_trace() {
    let never = f64::NEG_INFINITY;
    let certain = [
        x(&[never, 0.0, never, never, 0.0, never], &[2, 1, 3]),
        x(&[0.0, never, never, never, never, 0.0], &[2, 1, 3]),
    ];
    let one_of = |logp: &Tensor<F64>, label| {
        let logp = Tensor::<Autodiff<F64>>::variable(logp.clone());
        let (one, two) = (Index::new(&[1], [1]), Index::new(&[2], [1]));
        let loss = ctc_loss(&logp, &Index::new(&[label], [1, 1]), &two, &one, &Default::default());
        (loss.item(), loss.grad(&[&logp])[0].clone().unwrap().to_vec())
    };
    assert_eq!(one_of(&certain[0], 1), (0.0, vec![0.0, -1.0, 0.0, 0.0, -1.0, 0.0]));
    assert_eq!(one_of(&certain[1], 2), (0.0, vec![-1.0, 0.0, 0.0, 0.0, 0.0, -1.0]));
    assert_eq!(one_of(&certain[1], 1), (f64::INFINITY, vec![0.0; 6]));
}

/// Frames beyond a sequence's end, whatever they hold.
#[test]
fn padding_leaves_no_trace() {
    let logp = Tensor::concat(&[draw(3, &[3, 1, 3]).log_softmax(-1), x(&[f64::NAN; 3], &[1, 1, 3])], 0);
    let logp = Tensor::<Autodiff<F64>>::variable(logp);
    let [targets, inputs, lengths] = [Index::new(&[2, -1], [1, 2]), Index::new(&[3], [1]), Index::new(&[1], [1])];
    let loss = ctc_loss(&logp, &targets, &inputs, &lengths, &Ctc::default());
    let gradient = loss.grad(&[&logp])[0].clone().unwrap();
    assert!(loss.item().is_finite());
    assert!((gradient.sum().item() + 3.0).abs() < 1e-14, "each frame's part is 1");
    assert_eq!(gradient.slice(0, 3..).to_vec(), [0.0; 3]);
}

/// Without frames nothing is certain to become nothing, as in PyTorch.
#[test]
fn sequences_without_frames() {
    let logp = draw(3, &[2, 2, 3]).log_softmax(-1);
    let [inputs, lengths] = [[0, 0], [0, 1]].map(|values| Index::new(&values, [2]));
    let options = Ctc { reduction: Reduction::None, ..Default::default() };
    let losses = ctc_loss(&logp, &Index::new(&[1, 1], [2, 1]), &inputs, &lengths, &options);
    assert_eq!(losses.to_vec(), [0.0, f64::INFINITY]);
    let none = ctc_loss(&logp.slice(0, ..0), &Index::new(&[1, 1], [2, 1]), &inputs, &lengths, &options);
    assert_eq!(none.to_vec(), [0.0, f64::INFINITY]);
}

#[test]
fn logits_of_a_thousand_have_a_loss() {
    let logits = Tensor::<Autodiff<F64>>::variable(x(&[1e3, -1e3, 0.0, 0.0, 1e3, -1e3], &[2, 1, 3]));
    let (one, two) = (Index::new(&[1], [1]), Index::new(&[2], [1]));
    let loss = ctc_loss(&logits.log_softmax(-1), &Index::new(&[2], [1, 1]), &two, &one, &Default::default());
    // Two paths of e^-2000, each with a blank.
    check_close(loss.value(), &[2000.0 - 2.0_f64.ln()]);
    let gradient = loss.grad(&[&logits])[0].clone().unwrap();
    let apart = (gradient - x(&[0.5, 0.0, -0.5, -0.5, 1.0, -0.5], &[2, 1, 3])).abs().max().item();
    // What 2000 is rounded by is what its exponential is, relatively, wrong by.
    assert!(apart < 2000.0 * f64::EPSILON, "{apart}");
}

#[test]
fn lengths_beyond_the_frames_are_cut() {
    let log_probs = draw(3, &[4, 1, 3]).log_softmax(-1);
    let of = |input: i32, labels: &[i32]| {
        let lengths = [input, i32::try_from(labels.len()).unwrap()].map(|length| Index::new(&[length], [1]));
        ctc_loss(&log_probs, &Index::new(labels, [1, labels.len()]), &lengths[0], &lengths[1], &Ctc::default()).item()
    };
    for labels in [&[1, 2][..], &[]] {
        assert_eq!([of(9, labels), of(-9, labels)], [of(4, labels), of(0, labels)]);
    }
}
