"""Writes layers.txt: what PyTorch computes for the cases of tests/suite/layers.

A line is a case: its name, the outputs, and the gradients of sum(wave * y) for the inputs, then for the parameters in the
order of their names. Parameters and inputs are waves of sines, which the test computes too.

    python layers.py > layers.txt          (PyTorch 2.15)
"""

import torch
from torch import nn

torch.set_default_dtype(torch.float64)


def wave(shape, step, start=0.0):
    count = 1
    for extent in shape:
        count *= extent
    return torch.sin(torch.arange(count) * step + start).reshape(shape)


def fill(module):
    with torch.no_grad():
        for number, (_, parameter) in enumerate(sorted(module.named_parameters())):
            parameter.copy_(0.5 * wave(parameter.shape, 0.37, number))
    return module


def case(name, module, inputs, forward=None):
    inputs = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
    y = (forward or module)(*inputs)
    ys = []
    for part in y if isinstance(y, tuple) else (y,):
        ys.extend(part) if isinstance(part, tuple) else ys.append(part)
    loss = sum((part * wave(part.shape, 0.61, number)).sum() for number, part in enumerate(ys))
    parameters = [p for _, p in sorted(module.named_parameters())]
    wanted = [x for x in inputs if x.requires_grad] + parameters
    grads = torch.autograd.grad(loss, wanted, allow_unused=True)
    grads = [torch.zeros_like(x) if g is None else g for x, g in zip(wanted, grads)]
    numbers = torch.cat([t.reshape(-1) for t in ys + grads])
    print(name, *(f"{number:.14g}" for number in numbers.tolist()))


def x(*shape):
    return wave(shape, 0.73, 0.1)


case("linear", fill(nn.Linear(3, 2)), [x(4, 3)])
case("bilinear", fill(nn.Bilinear(2, 3, 4)), [x(5, 2), x(5, 3)])
case("conv1d", fill(nn.Conv1d(4, 2, 3, stride=2, padding=1, dilation=2, groups=2)), [x(2, 4, 9)])
case("conv1d_same_even", fill(nn.Conv1d(1, 2, 4, padding="same", dilation=3)), [x(2, 1, 11)])
case("conv2d", fill(nn.Conv2d(2, 3, (3, 2), stride=(1, 2), padding=(2, 0), bias=False)), [x(2, 2, 4, 5)])
case("conv2d_same", fill(nn.Conv2d(2, 2, (3, 2), padding="same")), [x(1, 2, 4, 5)])
case("conv2d_depthwise", fill(nn.Conv2d(3, 3, 2, groups=3)), [x(1, 3, 3, 3)])
case("conv3d", fill(nn.Conv3d(1, 2, 2)), [x(1, 1, 2, 3, 3)])
case("conv_transpose1d", fill(nn.ConvTranspose1d(2, 4, 3, stride=2, padding=1, output_padding=1, groups=2)), [x(1, 2, 4)])
case("conv_transpose2d", fill(nn.ConvTranspose2d(2, 1, 3, stride=2, dilation=2, bias=False)), [x(1, 2, 2, 3)])
case("max_pool1d", nn.MaxPool1d(2), [x(1, 2, 5)])
case("max_pool2d", nn.MaxPool2d(3, stride=2, padding=1), [x(1, 1, 5, 4)])
case("avg_pool1d", nn.AvgPool1d(2), [x(1, 2, 5)])
case("avg_pool2d", nn.AvgPool2d(2, padding=1, count_include_pad=False), [x(1, 1, 4, 4)])
case("adaptive_avg_pool1d", nn.AdaptiveAvgPool1d(3), [x(1, 2, 7)])
case("adaptive_avg_pool2d", nn.AdaptiveAvgPool2d((2, 3)), [x(1, 1, 5, 4)])
case("adaptive_max_pool1d", nn.AdaptiveMaxPool1d(3), [x(1, 2, 7)])
case("adaptive_max_pool2d", nn.AdaptiveMaxPool2d((2, 3)), [x(1, 1, 5, 4)])

tokens = torch.tensor([[0, 2, 1], [1, 1, 3]])
case("embedding", fill(nn.Embedding(4, 2, padding_idx=1)), [tokens])
for mode in ["sum", "mean", "max"]:
    bag = fill(nn.EmbeddingBag(4, 2, mode=mode, padding_idx=3))
    case(f"embedding_bag_{mode}", bag, [tokens])
    offsets = torch.tensor([0, 2, 2])
    case(f"embedding_bag_{mode}_offsets", bag, [tokens.reshape(-1), offsets])

batch = nn.BatchNorm1d(3)
case("batch_norm1d", fill(batch), [x(4, 3)], lambda t: (batch(t), batch.running_mean, batch.running_var))
case("batch_norm1d_evaluation", batch.eval(), [x(2, 3, 4)])
mean = nn.BatchNorm2d(2, momentum=None, affine=False)
case("batch_norm2d_cumulative", mean, [x(2, 2, 2, 3)], lambda t: (mean(t), mean(t * 2), mean.running_mean, mean.running_var))
case("layer_norm", fill(nn.LayerNorm([2, 3])), [x(4, 2, 3)])
case("group_norm", fill(nn.GroupNorm(2, 4)), [x(2, 4, 3)])
case("instance_norm1d", nn.InstanceNorm1d(2), [x(2, 2, 4)])
case("instance_norm2d", fill(nn.InstanceNorm2d(2, affine=True)), [x(2, 2, 2, 3)])
case("rms_norm", fill(nn.RMSNorm(4)), [x(3, 4)])

case("rnn", fill(nn.RNN(2, 3)), [x(4, 2, 2)])
case("rnn_relu", fill(nn.RNN(2, 3, num_layers=2, nonlinearity="relu", bias=False)), [x(4, 2, 2)])
lstm = fill(nn.LSTM(2, 3, num_layers=2, bidirectional=True, batch_first=True))
case("lstm", lstm, [x(2, 3, 2), x(4, 2, 3), x(4, 2, 3) * 2], lambda t, h, c: lstm(t, (h, c)))
gru = fill(nn.GRU(2, 3, num_layers=2, bidirectional=True))
case("gru", gru, [x(3, 2, 2), x(4, 2, 3)])
case("rnn_cell", fill(nn.RNNCell(2, 3)), [x(2, 2)])
cell = fill(nn.LSTMCell(2, 3))
case("lstm_cell", cell, [x(2, 2), x(2, 3), x(2, 3) * 2], lambda t, h, c: cell(t, (h, c)))
case("gru_cell", fill(nn.GRUCell(2, 3)), [x(2, 2), x(2, 3)])

attention = fill(nn.MultiheadAttention(4, 2))
case("attention", attention, [x(3, 2, 4)], lambda t: attention(t, t, t)[0])
hidden = torch.triu(torch.ones(3, 3, dtype=torch.bool), diagonal=1)
case("attention_causal", attention, [x(3, 2, 4)], lambda t: attention(t, t, t, attn_mask=hidden)[0])
crossed = fill(nn.MultiheadAttention(4, 2, kdim=3, vdim=2, batch_first=True))
padding = torch.tensor([[False, False, True, False, True], [False, True, True, True, False]])
case(
    "attention_crossed",
    crossed,
    [x(2, 3, 4), x(2, 5, 3), x(2, 5, 2)],
    lambda q, k, v: crossed(q, k, v, key_padding_mask=padding, attn_mask=wave((3, 5), 0.9))[0],
)

encoder = fill(nn.TransformerEncoderLayer(4, 2, dim_feedforward=6, dropout=0.0))
case("encoder_layer", encoder, [x(3, 2, 4)])
encoder = fill(nn.TransformerEncoderLayer(4, 2, 6, 0.0, "gelu", 1e-3, batch_first=True, norm_first=True))
case("encoder_layer_norm_first", encoder, [x(2, 3, 4)], lambda t: encoder(t, src_mask=hidden))
decoder = fill(nn.TransformerDecoderLayer(4, 2, dim_feedforward=6, dropout=0.0))
case("decoder_layer", decoder, [x(3, 2, 4), x(5, 2, 4)], lambda t, m: decoder(t, m, tgt_mask=hidden))
stack = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 6, 0.0), 2, norm=nn.LayerNorm(4))
case("encoder", fill(stack), [x(3, 2, 4)])

case("prelu", fill(nn.PReLU(3)), [x(2, 3, 2)])
for name, layer in [
    ("leaky_relu", nn.LeakyReLU()),
    ("elu", nn.ELU(0.7)),
    ("celu", nn.CELU(0.5)),
    ("hardtanh", nn.Hardtanh(-0.5, 0.8)),
    ("softplus", nn.Softplus(2.0)),
    ("hardshrink", nn.Hardshrink()),
    ("softshrink", nn.Softshrink(0.3)),
    ("threshold", nn.Threshold(0.2, 0.7)),
    ("glu", nn.GLU(1)),
    ("tanhshrink", nn.Tanhshrink()),
    ("gelu_tanh", nn.GELU("tanh")),
    ("softmin", nn.Softmin(1)),
    ("rrelu", nn.RReLU().eval()),
]:
    case(name, layer, [x(3, 4)])
