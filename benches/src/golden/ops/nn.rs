//! What layers compute: convolutions, pooling, normalisation, affine maps.

use autodiff_core::{Backend, Conv, Pool, Tensor};

use crate::golden::call::{Call, Function, Outputs, Unsupported, one};

pub(super) fn find<B: Backend>(op: &str) -> Option<Function<B>> {
    let function: Function<B> = match op {
        "conv1d" => |c| convolve(c, Tensor::conv1d),
        "conv2d" => |c| convolve(c, Tensor::conv2d),
        "conv_transpose2d" => conv_transpose2d,
        "max_pool2d" => max_pool2d,
        "avg_pool2d" => avg_pool2d,
        "adaptive_avg_pool2d" => adaptive_avg_pool2d,
        "linear" => linear,
        _ => return None,
    };
    Some(function)
}

/// One number for each of the axes that windows slide along; a single number stands for all.
fn given_per_axis<B: Backend, const D: usize>(c: &Call<'_, B>, name: &str) -> Result<Option<[usize; D]>, Unsupported> {
    match c.option(name) {
        Ok(numbers) => Ok(numbers),
        Err(_) => Ok(Some([c.attribute(name)?; D])),
    }
}

fn per_axis<B: Backend, const D: usize>(
    c: &Call<'_, B>,
    name: &str,
    default: [usize; D],
) -> Result<[usize; D], Unsupported> {
    Ok(given_per_axis(c, name)?.unwrap_or(default))
}

fn convolution<B: Backend, const D: usize>(c: &Call<'_, B>) -> Result<Conv<D>, Unsupported> {
    let default = Conv::<D>::default();
    Ok(Conv {
        stride: per_axis(c, "stride", default.stride)?,
        padding: per_axis(c, "padding", default.padding)?,
        dilation: per_axis(c, "dilation", default.dilation)?,
        groups: c.option("groups")?.unwrap_or(default.groups),
    })
}

fn convolve<B: Backend, const D: usize>(
    c: &Call<'_, B>,
    f: impl Fn(&Tensor<B>, &Tensor<B>, Option<&Tensor<B>>, Conv<D>) -> Tensor<B>,
) -> Result<Outputs<B>, Unsupported> {
    Ok(one(f(c.tensor("x")?, c.tensor("weight")?, c.given("bias"), convolution(c)?)))
}

fn conv_transpose2d<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let output_padding = per_axis(c, "output_padding", [0; 2])?;
    let (x, weight) = (c.tensor("x")?, c.tensor("weight")?);
    Ok(one(x.conv_transpose2d(weight, c.given("bias"), convolution(c)?, output_padding)))
}

fn pool<B: Backend, const D: usize>(c: &Call<'_, B>) -> Result<Pool<D>, Unsupported> {
    let Some(kernel_size) = given_per_axis(c, "kernel_size")? else { return c.unknown("kernel_size") };
    let default = Pool::new(kernel_size);
    Ok(Pool {
        stride: Some(per_axis(c, "stride", kernel_size)?),
        padding: per_axis(c, "padding", default.padding)?,
        ceil_mode: c.option("ceil_mode")?.unwrap_or(default.ceil_mode),
        ..default
    })
}

fn max_pool2d<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let pool = Pool { dilation: per_axis(c, "dilation", [1; 2])?, ..pool(c)? };
    Ok(one(c.tensor("x")?.max_pool2d(pool)))
}

fn avg_pool2d<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    let pool = Pool { count_include_pad: c.option("count_include_pad")?.unwrap_or(true), ..pool(c)? };
    Ok(one(c.tensor("x")?.avg_pool2d(pool)))
}

fn adaptive_avg_pool2d<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    Ok(one(c.tensor("x")?.adaptive_avg_pool2d(c.attribute("output_size")?)))
}

/// What is added to a product, where it is given.
fn biased<B: Backend>(y: Tensor<B>, bias: Option<&Tensor<B>>) -> Tensor<B> {
    match bias {
        Some(bias) => y + bias,
        None => y,
    }
}

fn linear<B: Backend>(c: &Call<'_, B>) -> Result<Outputs<B>, Unsupported> {
    Ok(one(biased(c.tensor("x")?.matmul(&c.tensor("weight")?.t()), c.given("bias"))))
}
