# SPDX-License-Identifier: GPL-3.0-or-later
"""isac_simulate with every receiver: its figures, and the models and options it refuses."""

import pytest
from programs import LITE, SHIPPED_MODEL, expect_error, run, run_json

# 64 M_r S T of lite.yml; precoder 64 N N_t K S and payload K S T 4 bits.
RAW_BITS = 64 * 8 * 32 * 32
REFERENCE_BITS = 64 * 16 * 4 * 32 + 4 * 32 * 32 * 4
CODEBOOK_KEYS = [
    "codewords",
    "codewords_in_use",
    "codebook_perplexity",
    "entropy_coded_bits_per_update",
]
LEARNED = ["dvqvae", "dvae", "cnn"]
ESTIMATORS = ["music", "cs", "ml"]


@pytest.fixture(scope="module")
def models(tmp_path_factory, lite_model):
    """A model with fresh weights for every learned receiver."""
    folder = tmp_path_factory.mktemp("receivers")
    files = {"dvqvae": lite_model}
    for name, arguments in {
        "dvae": ["--architecture", "lite", "--latents", "float16"],
        "cnn": ["--architecture", "cnn"],
    }.items():
        files[name] = folder / f"{name}.safetensors"
        run_json("isac_inspect", *arguments, "--scenario", LITE, "--save", files[name])
    return files


def simulate(name, models, *arguments, frames=4):
    model = ["--model", models[name]] if name in models else []
    return run_json(
        *["isac_simulate", "--scenario", LITE, "--receiver", name, *model],
        *["--frames", frames, "--device", "cpu", "--seed", 5, *arguments],
    )


def without_speed(figures):
    return {
        key: value
        for key, value in figures.items()
        if key not in ("frames_per_second", "real_time_factor")
    }


@pytest.mark.parametrize(
    "name, bits, reference",
    [
        ("dvae", 16 * 170 * (1 + 2 * 32), REFERENCE_BITS),
        ("cnn", RAW_BITS, 0),
        ("music", 96 * 2, REFERENCE_BITS),
        ("cs", 96 * 2, REFERENCE_BITS),
        ("ml", 1472, REFERENCE_BITS),
        ("monostatic", 0, 0),
    ],
)
def test_every_receiver_runs_and_states_its_bits(models, name, bits, reference):
    figures, result = simulate(name, models)
    assert figures["frames"] == 4 and figures["frames_lost"] == 0
    assert figures["fronthaul_bits_per_update"] == bits
    assert figures["reference_bits_per_update"] == reference
    assert figures["raw_echo_bits_per_update"] == RAW_BITS
    assert not [key for key in CODEBOOK_KEYS if key in figures]
    assert figures["location_median_m"] >= 0
    assert 0 <= figures["confidence_mean"] <= 1
    # Our blocks stand in a row: frames leave the device nowhere.
    assert figures["host_copies"] == 0
    velocity = [key for key in figures if key.startswith("velocity_")]
    assert len(velocity) == 3
    for key in velocity:
        assert (figures[key] is None) == (name == "monostatic"), key
    assert f"{reference:,} bit per access point" in result.stdout
    again, _ = simulate(name, models)
    assert without_speed(again) == without_speed(figures)


def test_the_default_is_dvqvae(models):
    named, _ = simulate("dvqvae", models)
    default, _ = run_json(
        *["isac_simulate", "--scenario", LITE, "--model", models["dvqvae"]],
        *["--frames", 4, "--device", "cpu", "--seed", 5],
    )
    assert without_speed(named) == without_speed(default)
    assert [key for key in named if key in CODEBOOK_KEYS] == CODEBOOK_KEYS


def test_all_receivers_see_the_same_scenes(models):
    bounds = [
        simulate(name, models)[0]["root_crlb_location_rms_m"]
        for name in ["dvqvae", "cnn", "ml"]
    ]
    assert bounds[0] == bounds[1] == bounds[2]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_pilots_cost_no_reference(models, name):
    told, _ = simulate(name, models)
    pilot, result = simulate(name, models, "--reference", "pilot")
    assert pilot["reference_bits_per_update"] == 0
    assert "0 bit per access point (pilot)" in result.stdout
    pilot["reference_bits_per_update"] = told["reference_bits_per_update"]
    assert without_speed(pilot) == without_speed(told) # only the count differs


def test_ml_is_near_the_bound(models):
    figures, _ = simulate("ml", models, "--noise-dbm", "-110", frames=30)
    assert figures["location_median_m"] < 2 * figures["root_crlb_location_median_m"]
    assert figures["velocity_median_mps"] < 2 * figures["root_crlb_velocity_median_mps"]


@pytest.mark.parametrize("name", ["dvae", *ESTIMATORS])
def test_an_access_point_can_be_absent(models, name):
    both, _ = simulate(name, models)
    one, _ = simulate(name, models, "--without-access-point", 0)
    assert one["frames"] == 4 and one["frames_lost"] == 0
    assert one["location_rmse_m"] != both["location_rmse_m"]


@pytest.mark.parametrize("name", ["cnn", "ml", "monostatic"])
def test_real_time(models, name):
    figures, result = simulate(name, models, "--real-time", frames=60)
    assert figures["frames"] >= 1
    assert figures["frames"] + figures["frames_lost"] + figures["frames_skipped"] >= 60
    assert 0 < figures["latency_median_ms"] <= figures["latency_p99_ms"]
    assert "behind real time" in result.stdout


# ----------------------------------------------------------------------- refusals
def refuse(name, *arguments, code=2, parts=()):
    result = run(
        *["isac_simulate", "--scenario", LITE, "--receiver", name, "--frames", 1],
        *["--device", "cpu", *arguments],
    )
    expect_error(result, code, "isac_simulate: ", *parts)


def test_unknown_receivers_are_refused():
    refuse("esprit", parts=["esprit", "dvqvae, dvae, cnn, music, cs, ml, monostatic"])


@pytest.mark.parametrize("name", LEARNED)
def test_learned_receivers_need_a_model(name):
    refuse(name, parts=[name, "--model"])


@pytest.mark.parametrize("name", [*ESTIMATORS, "monostatic"])
def test_others_refuse_a_model(name):
    refuse(name, "--model", SHIPPED_MODEL, parts=["--model", name])


@pytest.mark.parametrize("name", LEARNED)
@pytest.mark.parametrize("model", LEARNED)
def test_models_of_another_kind_are_refused_by_name(models, name, model):
    if name != model:
        refuse(name, "--model", models[model],
               parts=[models[model], f"--receiver {name}", f"--receiver {model}"])


def test_a_model_of_another_scenario_is_refused(models, tmp_path):
    other = tmp_path / "other.yml"
    text = LITE.read_text(encoding="utf-8")
    other.write_text(text.replace("name: lite", "name: other", 1).replace("30.0e+9", "28.0e+9"),
                     encoding="utf-8")
    for name in LEARNED:
        result = run("isac_simulate", "--scenario", other, "--receiver", name, "--model",
                     models[name], "--frames", 1, "--device", "cpu")
        expect_error(result, 1, models[name], "'lite'", "'other'")


@pytest.mark.parametrize(
    "name, arguments",
    [
        ("ml", ["--precision", "bfloat16"]),
        ("ml", ["--batch", "2"]),
        ("music", ["--entropy-coding"]),
        ("dvae", ["--entropy-coding"]),
        ("cnn", ["--entropy-coding"]),
        ("cnn", ["--precision", "bfloat16"]),
        ("cnn", ["--without-access-point", "0"]),
        ("monostatic", ["--without-access-point", "0"]),
        ("monostatic", ["--reference", "pilot"]),
        ("dvqvae", ["--reference", "pilot"]),
    ],
)
def test_options_that_a_receiver_does_not_take(models, name, arguments):
    model = ["--model", models[name]] if name in models else []
    refuse(name, *model, *arguments, parts=[arguments[0], name])


def test_wrong_references_are_refused():
    refuse("ml", "--reference", "raw", parts=["--reference", "'raw'", "pilot"])
