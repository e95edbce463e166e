"""Tables of means fit, and tell what lies apart."""

from small_report import cell
from small_study import TITLES

from sadm.report import mean_tables as means
from sadm.report.blocks import Cell
from sadm.report.material import Material


def test_a_pivot_has_a_column_a_measure_and_trivial_rows_apart(given: Material):
    made = means.pivot(given.tables["summary"], TITLES, ["metric"], {"dice": "Best Dice, %"}, {})
    assert [each.caption for each in made] == ["Les <b>, n = 9", "DRAEM, n = 9"]
    assert cell(made[0], "cDDPM", 1) == Cell("20.0", 0.2, "[10.0, 70.0]")
    assert [len(body.rows) for body in made[0].bodies] == [2, 1]


def test_many_groups_go_into_tables_that_fit(given: Material):
    made = means.pivot(given.tables["alarms"], TITLES, ["by", "group"], {}, {"threshold": "validation"}, "ml")
    assert [each.caption for each in made] == ["Les <b>: site (1 of 2)", "Les <b>: site (2 of 2)"]
    assert [len(each.columns) for each in made] == [9, 4]
    assert cell(made[1], "cDDPM", 3) == Cell("1244.5", 1244.5, "[1000.2, 1500.8]")


def test_subjects_folds_and_seeds_stand_apart(given: Material):
    made = means.spread(given.tables["summary"], TITLES)[0]
    assert [cell(made, "SADM-LES", k).text for k in (1, 2, 3)] == ["60.0", "2.00", "1.30"]
    assert made.overs[1:] == [("Best Dice per volume, %", 3), ("Dice at the validation threshold, %", 3), ("AUPRC, %", 3)]  # fmt: skip


def test_released_numbers_stand_beside_ours_with_their_difference(given: Material):
    (made,) = means.released(given.tables["released"], TITLES)
    assert [cell(made, "cDDPM", k).text for k in range(1, 7)] == ["20.00", "18.50", "-1.50", "10.00", "10.00", "0.00"]  # fmt: skip
