"""The pictures: which are drawn, that they show the run's numbers, and exact hidden-surface removal."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from caloris.output import plot_dose, plot_environment, plot_time, plot_upsets
from caloris.output.hdf5 import write_run
from caloris.output.plot import plot
from caloris.output.plot_particle import _alike
from caloris.output.plot_render import Camera, View, render
from caloris.output.plot_satellite import _alone, _moments, _posed_corners
from caloris.output.plot_style import at_least, eclipses, last_orbit, panels, style
from caloris.output.read import open_run

ALL = {"margins", "temperatures", "heat_flows", "power", "satellite", "particle_flux", "let_spectrum", "upset_rates"}
ORBIT = {"particle_components", "trapped_map", "particle_track", "transmission", "upset_track"}
ALL |= ORBIT | {"dose_depth"}

DEVICE = {"particle_flux", "let_spectrum", "upset_rates"}


@pytest.mark.parametrize("kind", ["all", "steady", "device"])
def test_pictures_of_a_run(kind, run, make_run, device_run, tmp_path):
    source = {"all": run, "steady": make_run(1), "device": device_run}[kind]
    if kind == "steady":
        # Its particle pictures are those of the others.
        source.arrays = {k: v for k, v in source.arrays.items() if not k.startswith(("particle", "upset", "dose"))}
    expected = {"all": ALL, "steady": ALL - DEVICE - ORBIT - {"power", "dose_depth"}, "device": DEVICE}
    before = dict(matplotlib.rcParams)
    paths = plot(write_run(tmp_path / "run.h5", source), tmp_path / "new" / "pictures")
    assert {path.stem for path in paths} == expected[kind]
    assert sorted(paths) == sorted((tmp_path / "new" / "pictures").iterdir())
    assert dict(matplotlib.rcParams) == before and not plt.get_fignums()
    for path in paths:
        if path.suffix == ".png":
            image = plt.imread(path)
            # 200 dpi on a page-wide figure, and something drawn on the white.
            assert image.shape[1] == pytest.approx(7.2 * 200, abs=2)
            assert (image[..., :3].min(axis=2) < 0.9).mean() > 0.005
        else:
            assert path.read_bytes().startswith(b"%PDF")


def test_failed_run_with_gaps_is_drawn(make_run, tmp_path):
    """The last state of a failed run may hold NaN; the pictures show what there is."""
    source = make_run(13)
    source.status = {"result": "not_finite"}
    source.arrays["thermal/temperature"][-1] = np.nan
    source.arrays = {k: v for k, v in source.arrays.items() if k.startswith(("thermal", "mesh"))}
    source.attributes = {}
    paths = plot(write_run(tmp_path / "run.h5", source), tmp_path)
    assert {path.stem for path in paths} == {"temperatures", "heat_flows", "satellite"}


def test_constants_are_straight_lines():
    """Rounding is no curve: an axis of temperature shows a kelvin at least, in plain numbers."""
    figure, ((axes,),) = panels(1, 1, 2.0)
    axes.plot([0.0, 1.0, 2.0], [76.85, 76.85 - 1e-13, 76.85])
    at_least(axes.yaxis, 1.0)
    low, high = axes.get_ylim()
    assert high - low == pytest.approx(1.0) and low < 76.85 < high
    figure.canvas.draw()
    assert axes.yaxis.get_offset_text().get_text() == ""
    axes.set_ylim(10.0, 90.0)
    at_least(axes.yaxis, 1.0)
    assert axes.get_ylim() == (10.0, 90.0)


def test_titles_name_an_orbit_where_there_is_one(run, make_run, tmp_path):
    for name, source, expected in (("orbit", run, " over an orbit"), ("none", make_run(13), "")):
        if not expected:
            source.attributes.pop("orbit", None)
        with open_run(write_run(tmp_path / f"{name}.h5", source)) as stored:
            assert plot_time._over(stored) == expected


def test_a_given_let_spectrum_has_no_flux(device_run, tmp_path):
    """Then there is no picture of it, no shield in the legend, and no legend of protons that upset nothing."""
    for name in ("flux_outside", "flux_behind"):
        device_run.arrays[f"particle/{name}"] = np.zeros_like(device_run.arrays[f"particle/{name}"])
    device_run.arrays["upset/proton_rate_per_bit"] *= 0.0
    device_run.arrays["upset/direct_proton_rate_per_bit"] = 0.0 * device_run.arrays["upset/bits"]
    path = write_run(tmp_path / "run.h5", device_run)
    assert {one.stem for one in plot(path, tmp_path)} == {"let_spectrum", "upset_rates"}
    with open_run(path) as stored:
        labels = [label for labels, _ in _alike(stored, stored["particle/integral_let_flux"]) for label in labels]
    assert not any("g/cm" in label for label in labels)
    # A PDF keeps its words, compressed: the figure itself is asked.
    legends: list[list[str]] = []

    def kept(figure, folder, name):
        legends.append([text.get_text() for text in figure.axes[0].get_legend().get_texts()])
        return []

    with pytest.MonkeyPatch.context() as patch, open_run(path) as stored:
        patch.setattr(plot_upsets, "save", kept)
        plot_upsets.plot_upsets(stored, tmp_path)
    assert legends == [["heavy ions", "effects", "sum and its band"]]


@pytest.fixture
def figure_of(tmp_path, monkeypatch):
    """Return the figure that a picture of a run would be saved as; None where it draws none."""

    def drawn(module, draw, run):
        kept = []
        monkeypatch.setattr(module, "save", lambda figure, folder, name: kept.append(figure) or [])
        with open_run(write_run(tmp_path / "one.h5", run)) as stored, style():
            draw(stored, tmp_path)
        return kept[0] if kept else None

    return drawn


def test_rates_are_drawn_with_bands_and_effects(device_run, figure_of):
    """Rows of devices and of effects, the widths of bars and bands those of the run, all devices together."""
    figure = figure_of(plot_upsets, plot_upsets.plot_upsets, device_run)
    axes = figure.axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["LM7912 (x 1)", "HBM stack (x 120)", "HBM stack: interrupt (x 120)"]
    # A bar for heavy ions and one for protons in both rows, one for the effect.
    assert sorted(bar.get_width() for bar in axes.patches)[-1] == pytest.approx(120 * 1.536e12 * 2.5e-17 * 86400.0)
    assert len(axes.patches) == 5
    (segments,) = [c.get_segments() for c in axes.collections if hasattr(c, "get_segments")]
    np.testing.assert_allclose(segments[2][:, 0], [120 * 1e-4, 120 * 9e-4], rtol=1e-12)
    device_run.arrays["upset/effect_rate_per_day"] *= 0.0
    for name in ("heavy_ion", "proton"):
        device_run.arrays[f"upset/{name}_rate_per_bit"] *= 0.0
    assert figure_of(plot_upsets, plot_upsets.plot_upsets, device_run) is None


def test_doses_over_depth_that_last_and_that_come_once(run, figure_of):
    """A panel each; an event alone has one, and nothing at all has none. Points are named beside the picture."""
    both = figure_of(plot_dose, plot_dose.plot_depth_dose, run)
    assert [axes.get_ylabel() for axes in both.axes] == ["Dose, rad per year", "Dose, rad, once"]
    names = [text.get_text() for text in both.axes[0].get_legend().get_texts()]
    assert names[0] == "all" and names[-2:] == ["die", "battery"]
    (event,) = [line for line in both.axes[1].lines if line.get_label() == "solar event"]
    # 1.5 Gy over the depth in g/cm2 are 150 rad.
    np.testing.assert_allclose(event.get_ydata()[0], 150.0 / run.arrays["dose/dose_depth"][0], rtol=1e-12)
    (die,) = [line for line in both.axes[1].lines if line.get_label() == "die"]
    np.testing.assert_allclose(die.get_ydata(), [150.0], rtol=1e-12)
    run.arrays["dose/rate"] *= 0.0
    run.arrays["dose/depth_rate"] *= 0.0
    alone = figure_of(plot_dose, plot_dose.plot_depth_dose, run)
    assert [axes.get_ylabel() for axes in alone.axes] == ["Dose, rad, once"]
    low, high = alone.axes[0].get_ylim()
    assert low > 1.0 and high < 1e5  # no axis down to rounding
    run.arrays["dose/depth_event"] *= 0.0
    assert figure_of(plot_dose, plot_dose.plot_depth_dose, run) is None


def test_the_map_shows_an_energy_that_is_there(run, figure_of):
    """No protons above 30 MeV: those above 1 MeV; none at all: words instead of a blank map."""
    flux = run.arrays["particle/map_proton_flux"]
    flux[:, :, 1:] = 0.0
    run.attributes["particle"]["map_altitude"] = 3.3e6
    figure = figure_of(plot_environment, plot_environment.plot_world_map, run)
    assert "above 1 MeV" in figure.axes[1].get_ylabel()
    assert "3300 km, where the orbit meets most of them" in figure.axes[0].get_title(loc="left")
    flux *= 0.0
    figure = figure_of(plot_environment, plot_environment.plot_world_map, run)
    assert len(figure.axes) == 1 and "no protons above 1 MeV" in figure.axes[0].texts[0].get_text()


def test_a_state_that_cannot_be_is_not_drawn(run, tmp_path):
    run.status = {"result": "step_too_small"}
    run.arrays["thermal/temperature"][-1, 0] = -6e5
    drawn = {path.stem for path in plot(write_run(tmp_path / "run.h5", run), tmp_path)}
    assert drawn == ALL - {"margins", "temperatures", "heat_flows", "power", "satellite"}


def test_moments_are_finite_ones():
    mean = np.array([1.0, 5.0, -3.0, np.nan])
    assert _moments(mean) == [("Hottest moment", 1), ("Coldest moment", 2)]
    assert _moments(np.array([np.nan])) == []
    assert _moments(np.array([2.0])) == [("Steady", 0)]


def test_equal_runs_give_equal_files(device_run, tmp_path):
    path = write_run(tmp_path / "run.h5", device_run)
    for name in "ab":
        (tmp_path / name).mkdir()
        with open_run(path) as stored, style():
            plot_upsets.plot_upsets(stored, tmp_path / name)
    for kind in ("png", "pdf"):
        first, second = (tmp_path / name / f"upset_rates.{kind}" for name in "ab")
        assert first.read_bytes() == second.read_bytes()


def test_eclipses(run, tmp_path):
    entry, leave, period = 1000.0, 3000.0, 5554.0
    cases = [
        ([entry], [leave], [(entry, leave)]),
        ([entry], [], [(entry, period)]),  # still dark at the end
        ([], [leave], [(0.0, leave)]),  # dark at the start
        ([4000.0], [leave], [(0.0, leave), (4000.0, period)]),  # t = 0 in the middle of the eclipse
        ([], [], []),
    ]
    for starts, ends, expected in cases:
        run.attributes["orbit"] |= {"eclipse_entry": np.array(starts), "eclipse_exit": np.array(ends)}
        with open_run(write_run(tmp_path / "run.h5", run)) as stored:
            assert eclipses(stored, 0.0, period) == expected
    run.attributes["orbit"] = {"period": period}
    with open_run(write_run(tmp_path / "run.h5", run)) as stored:
        ((a, b),) = eclipses(stored, 0.0, period)
        dark = run.arrays["thermal/time"][run.arrays["orbit/lit_fraction"] < 0.5]
        assert (a, b) == (dark[0], dark[-1])


def test_last_orbit_of_a_long_run(run, tmp_path):
    run.attributes["orbit"]["period"] = run.arrays["thermal/time"][-1] / 4
    with open_run(write_run(tmp_path / "run.h5", run)) as stored:
        kept, minutes = last_orbit(stored)
    assert list(kept) == list(range(72, 97))
    assert minutes[0] == pytest.approx(0.0, abs=1e-9) and minutes[-1] == pytest.approx(5554 / 4 / 60)


def test_bodies_turn_with_their_joints(run, tmp_path):
    """A quarter turn about y carries a wing's x axis onto -z; the bus stays."""
    with open_run(write_run(tmp_path / "run.h5", run)) as stored:
        quarter = 24  # 96 intervals an orbit
        corners, start = _posed_corners(stored, quarter), _posed_corners(stored, 0)
        body = stored["mesh/facet_body"]
    np.testing.assert_array_equal(corners[body == 0], start[body == 0])
    moved = start[body == 1][..., [2, 1, 0]] * [1, 1, -1]
    # Rounding of coordinates of a few meters.
    np.testing.assert_allclose(corners[body == 1], moved, atol=1e-12)


def _square(half, height, color, flip=False):
    """A square of two facets in the plane z = height, seen from +z unless flipped."""
    points = np.array([[-half, -half, height], [half, -half, height], [half, half, height], [-half, half, height]])
    triangles = np.array([[0, 1, 2], [0, 2, 3]])
    return points[triangles[:, ::-1] if flip else triangles], np.tile(color, (2, 1))


def _drawn(*squares, alone=False):
    corners = np.concatenate([square[0] for square in squares])
    colors = np.concatenate([square[1] for square in squares]).astype(float)
    camera = Camera.from_direction((0.0, 0.0, 1.0), (0.0, 1.0, 0.0))
    cell = np.repeat(np.arange(len(squares)), 2)
    return render(corners, colors, cell, np.full(len(corners), alone), camera, View((-2.0, 2.0, -2.0, 2.0), 80))


RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


@pytest.mark.parametrize("order", [1, -1])
def test_the_nearer_square_hides_the_farther(order):
    """A small near square over a large far one, whatever their order: areas of each color are exact."""
    image = _drawn(*[_square(0.5, 1.0, RED), _square(1.5, 0.0, BLUE)][::order])
    red, blue = (image[..., 0] > 0.1) & (image[..., 2] < 0.1), (image[..., 2] > 0.1) & (image[..., 0] < 0.1)
    # 20 pixels a meter: 1 x 1 m and 3 x 3 m less that; outlines darken but keep the hue.
    assert red.sum() == 400
    assert blue.sum() == 3600 - 400
    assert np.all(image[:9] == 1.0) and np.all(image[:, :9] == 1.0)


def test_crossing_plates_share_the_image():
    """A plate tilted through another: each is seen on its side of the crossing line, which sorting cannot do."""
    tilted, color = _square(1.5, 0.0, RED)
    tilted[..., 2] = tilted[..., 0]
    image = _drawn((tilted, color), _square(1.5, 0.0, BLUE))
    assert np.all(image[20, 42:68, 2] < 0.1) and np.all(image[20, 12:38, 0] < 0.1)


def test_sides_away_from_the_camera():
    """A facet is not seen from behind; where the triangle has no facet on that side, it is gray."""
    away = _square(1.5, 0.0, RED, flip=True)
    assert np.all(_drawn(away) == 1.0)
    image = _drawn(away, alone=True)
    np.testing.assert_allclose(image[40, 30], 0.72)


def test_vertical_of_the_image_is_up():
    square, color = _square(0.5, 0.0, RED)
    image = _drawn((square + np.array([0.0, 1.0, 0.0]), color))
    assert (image[:40] < 0.5).any() and not (image[40:] < 0.5).any()


def test_two_sided_triangles_are_recognized():
    facets = np.array([[0, 1, 2], [2, 1, 0], [3, 4, 5]])
    assert list(_alone(facets)) == [False, False, True]
