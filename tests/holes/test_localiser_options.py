import pytest
import torch

from ptolemy_kedro.holes.localiser_options import LocaliserOptions
from ptolemy_kedro.holes.unet import HoleNet


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("channels", ()),
        ("channels", (16,)),
        ("channels", (16, 0)),
        ("scales", (1.5, 0.5)),
        ("scales", (1.0, 1.0)),
        ("scales", (0.0, 1.0)),
        ("scales", (0.5, float("inf"))),
        ("scales", (float("nan"), 1.0)),
    ],
)
def test_what_no_network_can_be_made_of_or_no_patch_cut_by_is_refused(field, wrong):
    with pytest.raises(ValueError, match=field):
        LocaliserOptions(**{field: wrong})


@pytest.mark.parametrize(("levels", "patch_px", "fits"), [(2, 96, True), (5, 96, True), (6, 96, False)])
def test_a_patch_is_accepted_where_the_network_can_halve_it_at_every_level(levels, patch_px, fits):
    channels = (2,) * levels
    image = torch.zeros(1, 1, patch_px, patch_px)
    if fits:
        assert LocaliserOptions(patch_px=patch_px, channels=channels).channels == channels
        assert HoleNet(channels).eval()(image).shape[-2:] == (patch_px // 2, patch_px // 2)
    else:
        with pytest.raises(ValueError, match="6 levels need a multiple of 64"):
            LocaliserOptions(patch_px=patch_px, channels=channels)
        with pytest.raises(RuntimeError):
            HoleNet(channels).eval()(image)
