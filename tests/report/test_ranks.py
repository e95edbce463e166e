"""Places of the methods, and what thresholds were fitted on."""

from small_report import cell
from small_study import TITLES

from sadm.report import ranks
from sadm.report.blocks import Cell
from sadm.report.material import Material


def test_places_tell_how_far_a_method_moves_and_orders_how_far_they_agree(given: Material):
    words, places, doubt, orders = ranks.rankings(given.tables["rankings"], given.tables["agreement"], TITLES)
    assert words.paragraphs == ["Les <b>: first by best Dice per volume is SADM-LES (in 90 % of the resamples of subjects); under other definitions: validation threshold cDDPM; AUPRC –."]  # fmt: skip
    assert cell(places, "cDDPM", 2) == Cell("1", 1.0, "▲ 1", "best")
    assert cell(places, "SADM-LES", 2).text == "–"
    assert cell(orders, "best per volume", 2) == Cell("-1.00", -1.0, "[-1.00, 0.50]", share=0)
    assert [cell(doubt, "SADM-LES", k).text for k in (1, 2, 3)] == ["1 to 2", "90", "–"]
    assert cell(orders, "the paper", 1).text == "0.37"


def test_each_threshold_is_listed_once_with_what_it_was_fitted_on(given: Material):
    facts, made = ranks.fitted(given.tables["thresholds"], given.tables["audit_used"], TITLES)
    assert [count for _, count in facts.pairs] == ["1", "1"]
    oracle, validation = made.bodies[0].rows
    assert oracle[4].text == "test: an upper bound"
    assert "s59 and 10 more" in oracle[6].text
    assert [each.text for each in validation[3:]] == ["Les <b>", "validation", "2", "sub-v1, sub-v2", "2"]
