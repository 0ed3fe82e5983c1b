//! Cross-entropy of labels and of distributions.

use super::*;

#[test]
fn cross_entropy_by_hand() {
    let logits = x(&[0.0, 0.0, 1.0, 3.0], &[2, 2]);
    let labels = Index::new(&[0, 0], [2]);
    let want = [2.0_f64.ln(), (1.0 + 2.0_f64.exp()).ln()];
    check_close(&cross_entropy(&logits, &labels, Reduction::None), &want);
    check_close(&cross_entropy(&logits, &labels, Reduction::Sum), &[want[0] + want[1]]);
    check_close(&cross_entropy(&logits, &labels, Reduction::Mean), &[f64::midpoint(want[0], want[1])]);
    check_close(&cross_entropy(&logits.slice(0, 1..).reshape([2]), &Index::new(&[0], []), Reduction::Mean), &want[1..]);
}

#[test]
fn classes_are_on_axis_one() {
    let logits = Tensor::<F64>::normal(&Index::key(0, &Default::default()), [2, 3, 4, 5]);
    let labels = Index::<F64>::key(1, &Default::default()).random_bits(1, [2, 4, 5]);
    let losses = cross_entropy(&logits, &labels, Reduction::None);
    assert_eq!(losses.shape(), [2, 4, 5]);
    let rows = logits.permute(&[0, 2, 3, 1]).reshape([40, 3]);
    let want = cross_entropy(&rows, &labels.reshape([40]), Reduction::None);
    assert_eq!(losses.to_vec(), want.to_vec());
    let soft = cross_entropy_soft(&logits, &labels.one_hot(3).permute(&[0, 3, 1, 2]), Reduction::None);
    check_close(&soft, &losses.to_vec());
}

#[test]
fn logits_of_a_thousand_stay_finite_and_so_do_their_gradients() {
    let logits = Tensor::<Autodiff<F64>>::variable(x(&[1e3, -1e3, 0.0, -1e3, 1e3, 1e3], &[2, 3]));
    let labels = Index::new(&[1, 0], [2]);
    let loss = cross_entropy(&logits, &labels, Reduction::Sum);
    check_close(loss.value(), &[2000.0 + 2000.0 + 2.0_f64.ln()]);
    check_close(&loss.grad(&[&logits])[0].clone().unwrap(), &[1.0, -1.0, 0.0, -1.0, 0.5, 0.5]);
    let narrow = Tensor::<Cpu<f32>>::new(&[1e30, -1e30], [1, 2]);
    assert_eq!(cross_entropy(&narrow, &Index::new(&[0], [1]), Reduction::Mean).item(), 0.0);
    let soft = cross_entropy_soft(&logits, &labels.one_hot(3), Reduction::Sum);
    check_close(soft.value(), &[4000.0 + 2.0_f64.ln()]);
}

#[test]
fn nothing_has_a_mean_that_is_no_number() {
    let none = cross_entropy(&x(&[], &[0, 3]), &Index::new(&[], [0]), Reduction::Mean);
    assert!(none.item().is_nan());
}

/// Three rows of two classes, the second of them to be ignored, in a place that names no class.
fn rows() -> (Tensor<F64>, Index<F64>, Tensor<F64>) {
    (x(&[0.0, 1.0, 5.0, -7.0, 2.0, -1.0], &[3, 2]), Index::new(&[1, -100, 0], [3]), x(&[0.25, 4.0], &[2]))
}

#[test]
fn weights_smoothing_and_ignored_labels_by_hand() {
    let (logits, labels, weight) = rows();
    let logp = logits.log_softmax(1);
    let p = logp.to_vec();
    let losses = [-4.0 * p[1], 0.0, -0.25 * p[4]];
    let options = |reduction| Nll { weight: Some(&weight), reduction, ..Default::default() };
    check_close(&nll_loss(&logp, &labels, &options(Reduction::None)), &losses);
    check_close(&nll_loss(&logp, &labels, &options(Reduction::Mean)), &[(losses[0] + losses[2]) / 4.25]);
    let spread = [0, 2, 4].map(|row| -(0.25 * p[row] + 4.0 * p[row + 1]) / 2.0);
    let smooth = |row: usize| 0.8 * losses[row] + 0.2 * spread[row];
    let options = |reduction, label_smoothing| CrossEntropy {
        weight: Some(&weight),
        label_smoothing,
        reduction,
        ..Default::default()
    };
    let found = |reduction, smoothing| cross_entropy_with(&logits, &labels, &options(reduction, smoothing));
    check_close(&found(Reduction::None, 0.0), &losses);
    check_close(&found(Reduction::None, 0.2), &[smooth(0), 0.0, smooth(2)]);
    check_close(&found(Reduction::Mean, 0.2), &[(smooth(0) + smooth(2)) / 4.25]);
    check_close(&found(Reduction::BatchMean, 0.2), &[(smooth(0) + smooth(2)) / 3.0]);
    let all = CrossEntropy { ignore_index: 1, ..Default::default() };
    assert!(cross_entropy_with(&logits, &Index::new(&[1; 3], [3]), &all).item().is_nan());
}

#[test]
fn an_ignored_row_leaves_nothing_behind() {
    let (logits, labels, _) = rows();
    let logits = Tensor::<Autodiff<F64>>::variable(logits);
    let options = CrossEntropy { label_smoothing: 0.5, ..Default::default() };
    let loss = cross_entropy_with(&logits, &Index::constant_of(&labels), &options);
    let gradient = loss.grad(&[&logits])[0].clone().unwrap();
    assert_eq!(gradient.slice(0, 1..2).to_vec(), [0.0, 0.0]);
    assert!(gradient.slice(0, ..1).to_vec()[0] > 0.0);
}

#[test]
fn distributions_with_weights_and_smoothing() {
    let rows = [
        x(&[1.81, 0.76, 0.06, 0.47, 0.7, -1.78, 1.6, 1.12, 1.5, 1.19, -0.43, -0.4], &[3, 4]),
        x(&[0.15, 0.64, 0.11, 0.11, 0.27, 0.22, 0.4, 0.11, 0.06, 0.24, 0.19, 0.51], &[3, 4]),
        x(&[0.54, 1.81, 1.42, 0.72], &[4]),
    ];
    check(
        &loss!(|x| {
            let options = CrossEntropy { weight: Some(&x[2]), reduction: Reduction::None, ..Default::default() };
            cross_entropy_soft_with(&x[0], &x[1], &options)
        }),
        &rows,
        &[2.450784708982917, 2.375692657563771, 2.133589019916367],
        &[
            &[
                0.7449605835663626,
                -0.8693652125322509,
                -0.01266957225904228,
                0.1370742012249304,
                0.08936833039801122,
                -0.3785062454553393,
                0.010420757092534049,
                0.2787171579647942,
                0.5118361283580436,
                -0.03523166818850144,
                -0.19080510641912776,
                -0.28579935375041465,
            ],
            &[
                0.31305453136071,
                2.9498124106720094,
                3.308217471355941,
                1.3822060418142799,
                0.8761040590030529,
                7.425371012584306,
                1.0258291921932126,
                0.8657387453374035,
                0.3818506529759361,
                1.8410068183082307,
                3.7447257911589427,
                1.8771342039679149,
            ],
            &[0.5674394718768276, 2.189670277343983, 1.0462911965117168, 1.6730727369587801],
        ],
    );
    check(
        &loss!(|x| {
            let options = CrossEntropy { weight: Some(&x[2]), label_smoothing: 0.25, ..Default::default() };
            cross_entropy_soft_with(&x[0], &x[1], &options)
        }),
        &rows,
        &[2.281496824339346],
        &[
            &[
                0.2273780829595118,
                -0.2367171196882708,
                -0.023647067984567494,
                0.03298610471332645,
                0.029559206149408192,
                -0.13078839820368945,
                0.018443650477267225,
                0.08278554157701405,
                0.16283038967858984,
                -0.012688681039816702,
                -0.07059017797244145,
                -0.07955153066633172,
            ],
            &[
                0.07826363284017748,
                0.7374531026680022,
                0.8270543678389852,
                0.34555151045356997,
                0.2190260147507632,
                1.8563427531460763,
                0.25645729804830314,
                0.21643468633435087,
                0.09546266324398402,
                0.4602517045770576,
                0.9361814477897357,
                0.4692835509919787,
            ],
        ],
    );
    check(
        &loss!(|x| {
            let options = CrossEntropy { label_smoothing: 0.25, reduction: Reduction::Sum, ..Default::default() };
            cross_entropy_soft_with(&x[0], &x[1], &options)
        }),
        &rows,
        &[5.42467435615723],
        &[
            &[
                0.38924958498990403,
                -0.34504777029172945,
                -0.04694812452602733,
                0.0027463098278528364,
                -0.06757863465579986,
                -0.21096729806526132,
                0.12307820440944756,
                0.1554677283116136,
                0.3855568294600866,
                0.11913103081309895,
                -0.13343368945382114,
                -0.3712541708193646,
            ],
            &[
                0.43479796022320827,
                1.2222979602232082,
                1.7472979602232082,
                1.4397979602232083,
                1.2168111930597956,
                3.076811193059795,
                0.5418111930597954,
                0.9018111930597953,
                0.5303481291332446,
                0.7628481291332447,
                1.9778481291332444,
                1.9553481291332446,
            ],
        ],
    );
    let planes = [
        x(&[-0.99, -0.61, -0.54, -1.51, 1.4, 1.97, -0.14, -0.06, -1.66, -1.59, -0.63, -0.94], &[2, 3, 2]),
        x(&[0.83, 0.16, 0.02, 0.95, 0.53, 0.15, 0.54, 0.03, 0.53, 0.98, 0.86, 0.7], &[2, 3, 2]),
        x(&[0.89, 1.05, 0.75], &[3]),
    ];
    check(
        &loss!(|x| {
            let options = CrossEntropy { weight: Some(&x[2]), label_smoothing: 0.1, ..Default::default() };
            cross_entropy_soft_with(&x[0], &x[1], &options)
        }),
        &planes,
        &[2.6274165547605817],
        &[&[
            -0.15264873770925177,
            -0.018625883797772837,
            0.01942102082979712,
            -0.22471833569686353,
            0.13322771687945462,
            0.24334421949463636,
            0.10335336622428154,
            0.2183356940583828,
            -0.08608536719308411,
            -0.1900907239008366,
            -0.017267999031197405,
            -0.028244970157546186,
        ]],
    );
}
