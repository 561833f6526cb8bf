import numpy as np
import pytest
import torch

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.training import loop
from ptolemy_kedro.training.augment import turn_and_flip
from ptolemy_kedro.training.loop import Examples, train
from ptolemy_kedro.training.options import TrainOptions


def line(seed: int, n: int = 64) -> Examples:
    inputs = torch.randn(n, 3, generator=torch.Generator().manual_seed(seed))
    return Examples.of_all(inputs, inputs @ torch.tensor([[1.0], [-2.0], [0.5]]))


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Linear(3, 1)


def options(**changes) -> TrainOptions:
    return TrainOptions(**{"epochs": 6, "learning_rate": 0.05, "precision": "float32", **changes})


def learn(trained, checkpoint=None, **changes):
    return train(
        trained, line(1), line(2), torch.nn.functional.mse_loss, options(**changes), checkpoint=checkpoint
    )


def test_it_learns_and_the_curve_has_a_row_an_epoch():
    trained = network()
    curve = learn(trained, epochs=200, weight_decay=0.0, batch_size=16)

    torch.testing.assert_close(trained.weight.data, torch.tensor([[1.0, -2.0, 0.5]]), atol=0.05, rtol=0)
    assert list(curve["epoch"]) == list(range(len(curve)))
    assert curve["validation_loss"].iloc[-1] < curve["validation_loss"].iloc[0]


@pytest.mark.parametrize(("learnt", "held_out"), [(0, 4), (1, 4), (4, 0)])
def test_too_few_examples_are_told_in_a_line(learnt, held_out):
    with pytest.raises(TableError, match=f"{learnt} labelled crops .* {held_out} to tell"):
        train(network(), line(1, learnt), line(2, held_out), torch.nn.functional.mse_loss, options())


def test_the_same_seed_gives_the_same_weights():
    first, second = network(), network()
    learn(first)
    learn(second)

    torch.testing.assert_close(first.weight, second.weight, atol=0, rtol=0)


@pytest.mark.parametrize("channels_last", [True, False])
def test_images_are_laid_out_in_memory_as_asked(channels_last):
    layouts = []

    class Watched(torch.nn.Conv2d):
        def forward(self, images):
            layouts.append(images.is_contiguous(memory_format=torch.channels_last))
            return super().forward(images).mean((1, 2, 3))

    images = Examples.of_all(torch.randn(4, 3, 8, 8), torch.zeros(4))
    loss = torch.nn.functional.mse_loss
    train(Watched(3, 2, 3), images, images, loss, options(epochs=1, channels_last=channels_last))

    assert set(layouts) == {channels_last}


def test_it_stops_when_the_held_out_loss_is_flat_and_keeps_the_best_epoch():
    trained = network()
    start = trained.weight.detach().clone()
    curve = learn(trained, epochs=50, learning_rate=1e-9, patience=3)

    assert len(curve) == 4  # the first epoch sets the mark, three bring nothing
    torch.testing.assert_close(trained.weight, start, atol=1e-6, rtol=0)


def test_a_killed_training_goes_on_to_the_same_end(tmp_path, monkeypatch):
    whole = network()
    learn(whole)

    def killed(*_):
        raise KeyboardInterrupt

    checkpoint, half = tmp_path / "run.safetensors", network()
    epochs = iter(range(3))
    note = loop._Run.note

    def note_thrice(run, *measured):
        note(run, *measured)
        if next(epochs) == 2:
            killed()

    monkeypatch.setattr(loop._Run, "note", note_thrice)
    with pytest.raises(KeyboardInterrupt):
        learn(half, checkpoint)
    monkeypatch.undo()

    resumed = network()
    curve = learn(resumed, checkpoint)
    assert len(curve) == 6
    torch.testing.assert_close(resumed.weight, whole.weight, atol=0, rtol=0)


@pytest.mark.parametrize("content", [None, b"", b"half a file"])
def test_a_missing_or_broken_checkpoint_starts_anew(tmp_path, content):
    checkpoint = tmp_path / "run.safetensors"
    if content is not None:
        checkpoint.write_bytes(content)

    assert len(learn(network(), checkpoint)) == 6


def test_a_checkpoint_of_other_options_is_not_taken_up(tmp_path):
    checkpoint = tmp_path / "run.safetensors"
    learn(network(), checkpoint, seed=1)

    assert len(learn(network(), checkpoint, seed=2)) == 6


def test_turning_and_flipping_gives_each_of_the_eight_and_changes_no_value():
    image = torch.arange(4.0).reshape(1, 1, 2, 2).repeat(200, 1, 1, 1)

    changed = turn_and_flip(image, torch.Generator().manual_seed(0)).flatten(1)

    assert len(np.unique(changed.numpy(), axis=0)) == 8
    assert (changed.sort(dim=1).values == torch.arange(4.0)).all()


def test_the_learning_rate_falls_to_its_last_share():
    wanted = options(epochs=3, learning_rate=0.1, last_rate=0.01)
    run = loop._Run.start(network(), wanted, None, None, "")

    rates = []
    for epoch in range(3):
        run.set_rate(wanted)
        rates.append(run.optimiser.param_groups[0]["lr"])
        run.curve.append({"epoch": epoch})

    assert rates == pytest.approx([0.1, 0.01, 0.001])
