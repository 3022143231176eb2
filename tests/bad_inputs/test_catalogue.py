"""Every bad input that the product promises an answer to, with the tests that give it; none may be left out."""

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
IMPORT = "surveys/people/test_import.py::test_"
WORKBOOK = "surveys/people/test_workbooks.py::test_"
MESSAGE = "surveys/mail/test_message.py::test_"
INPUTS = "surveys/answering/test_inputs.py::test_"
PATH = "surveys/answering/test_path.py::test_"
LINKS = "surveys/answering/test_links.py::test_"
PARALLEL = "surveys/answering/test_parallel.py::test_"
LOGOS = "practice/test_logos.py::test_"
HERE = "bad_inputs/test_"
LISTS = "bad_inputs/test_lists.py::test_"
CASES: dict[str, tuple[str, ...]] = {
    "O01": (
        f"{LISTS}o01_o02_every_usual_encoding_and_separator",
        f"{IMPORT}encodings_separators_and_line_ends_are_read",
    ),
    "O02": (
        f"{LISTS}o01_o02_every_usual_encoding_and_separator",
        f"{IMPORT}encodings_separators_and_line_ends_are_read",
        f"{IMPORT}quoted_newlines_stay_in_their_cell",
        f"{IMPORT}blank_lines_before_the_header_say_nothing_of_the_separator",
    ),
    "O03": (
        f"{LISTS}o03_headers_in_other_words_and_twice",
        f"{IMPORT}columns_are_guessed_from_words_and_cells",
        f"{IMPORT}unreadable_files_are_refused_with_the_reason",
        f"{IMPORT}impossible_mappings_are_refused",
    ),
    "O04": (
        f"{LISTS}o04_what_is_no_list_is_refused",
        f"{IMPORT}unreadable_files_are_refused_with_the_reason",
        f"{WORKBOOK}what_is_no_plain_workbook_is_refused_with_the_reason",
    ),
    "O05": (
        f"{LISTS}o05_o10_o19_one_person_is_taken_once",
        f"{IMPORT}rows_are_checked_and_nothing_is_written_until_confirmed",
    ),
    "O06": (
        f"{LISTS}o06_rows_of_another_length_are_row_errors",
        f"{IMPORT}rows_are_checked_and_nothing_is_written_until_confirmed",
    ),
    "O07": (
        f"{LISTS}o07_names_like_formulas_stay_text_and_leave_harmless",
        f"{IMPORT}rows_are_checked_and_nothing_is_written_until_confirmed",
        "diagnosis/test_export.py::test_csv_cells_are_harmless",
        "practice/test_audit_page.py::test_no_text_becomes_a_formula",
    ),
    "O08": (
        f"{HERE}people.py::test_o08_a_script_as_department_is_shown_as_text",
        f"{HERE}documents.py::test_o08_o44_active_text_is_printed_as_text_and_fetches_nothing",
    ),
    "O09": (
        f"{LISTS}o09_too_much_is_refused_with_the_limit_at_once",
        f"{IMPORT}unreadable_files_are_refused_with_the_reason",
        f"{WORKBOOK}too_many_rows_are_refused_before_they_are_parsed",
    ),
    "O10": (
        f"{LISTS}o05_o10_o19_one_person_is_taken_once",
        f"{IMPORT}same_file_twice_makes_no_doubles",
    ),
    "O11": (
        f"{LISTS}o11_a_workbook_is_read_as_its_first_visible_sheet_shows",
        f"{WORKBOOK}only_the_first_visible_sheet_is_read",
        f"{WORKBOOK}merged_and_formatted_cells_are_no_people",
        f"{WORKBOOK}formulas_count_with_their_saved_value_or_are_row_errors",
        f"{WORKBOOK}a_sheet_is_read_as_it_shows",
    ),
    "O12": (
        f"{HERE}people.py::test_o12_o13_names_are_kept_whole_or_refused_with_the_limit",
        f"{HERE}documents.py::test_o12_o21_names_of_every_script_are_printed_with_real_glyphs",
    ),
    "O13": (f"{HERE}people.py::test_o12_o13_names_are_kept_whole_or_refused_with_the_limit",),
    "O14": (
        f"{IMPORT}control_characters_cannot_be_typed",
        f"{MESSAGE}a_name_cannot_add_headers_or_recipients",
    ),
    "O15": (f"{IMPORT}addresses_are_cleaned",),
    "O16": (f"{IMPORT}unusable_addresses_are_refused",),
    "O17": (f"{IMPORT}addresses_are_cleaned", f"{IMPORT}unusable_addresses_are_refused"),
    "O18": (f"{IMPORT}unusable_addresses_are_refused",),
    "O19": (
        f"{LISTS}o05_o10_o19_one_person_is_taken_once",
        f"{IMPORT}rows_are_checked_and_nothing_is_written_until_confirmed",
    ),
    "O20": (f"{MESSAGE}any_firm_name_gives_exactly_one_sender",),
    "O21": (
        f"{HERE}documents.py::test_o12_o21_names_of_every_script_are_printed_with_real_glyphs",
        f"{HERE}documents.py::test_o21_signs_without_a_glyph_are_named",
        f"{INPUTS}text_is_kept_as_written_and_shown_escaped",
    ),
    "O22": (
        f"{HERE}people.py::test_o22_blanks_in_a_needed_cell_are_a_row_error",
        f"{HERE}people.py::test_o22_blanks_are_no_name_of_a_client",
    ),
    "O23": (
        f"{INPUTS}nul_in_text_is_refused",
        f"{IMPORT}control_characters_cannot_be_typed",
        "architecture/test_fuzz_forms.py::test_some_hundred_posts",
    ),
    "O24": (
        f"{MESSAGE}what_looks_like_a_placeholder_in_a_name_is_printed_as_it_stands",
        f"{MESSAGE}what_looks_like_code_in_an_own_text_is_printed_as_it_stands",
        "reports/test_documents.py::test_hostile_text_is_printed_as_text",
    ),
    "O25": (f"{HERE}mail.py::test_o25_o26_a_text_that_cannot_be_sent_refuses_the_launch",),
    "O26": (f"{HERE}mail.py::test_o25_o26_a_text_that_cannot_be_sent_refuses_the_launch",),
    "O27": (
        f"{INPUTS}rating_outside_the_scale_is_refused",
        f"{INPUTS}empty_rating_is_missing_and_special_answers_are_kept_as_such",
    ),
    "O28": (
        f"{INPUTS}answer_to_a_question_of_another_page_or_survey_is_not_stored",
        f"{INPUTS}option_of_another_question_is_refused",
    ),
    "O29": (
        f"{PATH}problem_stays_at_its_field_and_the_rest_is_kept",
        f"{INPUTS}empty_answer_may_be_finished",
    ),
    "O30": (f"{PARALLEL}parallel_finals_give_one_response",),
    "O31": (
        f"{PATH}second_device_goes_on_where_the_first_stopped",
        f"{PATH}last_write_per_question_wins_and_silence_is_no_write",
    ),
    "O32": (f"{LINKS}open_forms_have_fifteen_minutes_after_closing",),
    "O33": (f"{INPUTS}long_text_is_refused_and_not_lost",),
    "O34": (
        f"{HERE}api.py::test_o34_a_body_that_is_no_object_is_refused",
        f"{HERE}api.py::test_o34_another_content_type_is_refused",
    ),
    "O35": (
        f"{HERE}api.py::test_o35_fields_that_are_not_offered_are_never_applied",
        f"{INPUTS}answer_to_a_question_of_another_page_or_survey_is_not_stored",
    ),
    "O36": (
        f"{HERE}api.py::test_o36_an_id_that_leads_nowhere_is_not_found",
        f"{HERE}api.py::test_o36_the_id_of_another_practice_is_not_found",
    ),
    "O37": (f"{HERE}api.py::test_o37_pages_and_orders_out_of_range_are_clamped_or_refused",),
    "O38": (f"{LINKS}unknown_malformed_and_revoked_links_share_one_page",),
    "O39": (
        f"{INPUTS}lost_csrf_cookie_costs_one_more_click_and_no_answer",
        f"{INPUTS}old_csrf_token_at_the_end_costs_one_more_click",
    ),
    "O40": (f"{LOGOS}o40_o41_other_content_is_refused_whatever_its_name",),
    "O41": (
        f"{LOGOS}o40_o41_other_content_is_refused_whatever_its_name",
        f"{LOGOS}o41_pictures_are_known_by_content_and_kept_small",
    ),
    "O42": (f"{LOGOS}o42_a_picture_of_400_million_pixels_is_refused_at_once",),
    "O43": (f"{LOGOS}o43_the_name_of_the_file_reaches_nothing",),
    "O44": (
        f"{HERE}documents.py::test_o08_o44_active_text_is_printed_as_text_and_fetches_nothing",
        "reports/test_rendering.py::test_nothing_outside_is_read",
    ),
    "O45": (f"{HERE}results.py::test_o45_a_study_without_usable_answers_says_so",),
    "O46": (
        f"{HERE}results.py::test_o46_without_stated_importance_weights_are_equal_and_ties_keep_their_order",
        f"{HERE}results.py::test_o46_a_target_that_is_reached_and_a_gap_above_zero_have_their_words",
    ),
}


@cache
def functions_of(path: str) -> frozenset[str]:
    """Return the names of a test file's functions."""
    tree = ast.parse((TESTS / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_number_has_its_tests() -> None:
    assert sorted(CASES) == [f"O{number:02d}" for number in range(1, 47)]


@pytest.mark.parametrize("number", CASES)
def test_the_tests_named_exist(number: str) -> None:
    for case in CASES[number]:
        path, _, name = case.partition("::")
        assert name in functions_of(path), case
