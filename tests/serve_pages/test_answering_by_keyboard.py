"""The bench in a real browser: many answers without a mouse, undone, skipped, found by name, made anew."""

from playwright.sync_api import expect

from serve_pages.conftest import tickets


def left(page):
    return int(page.locator("[data-left]").inner_text().replace(",", ""))


def seen(page):
    return page.locator(".question:not([hidden]) .question-seen").inner_text()


def settled(page):
    """Sends the answer that is held, as leaving the page does, and waits until it was taught."""
    expect(page.locator("[data-done] li").first).to_be_visible()
    page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    expect(page.locator("[data-done] .held")).to_have_count(0, timeout=15_000)


def test_thirty_answers_in_a_row_without_a_mouse_are_all_taught(served, page):
    url = served.job("thirty", lessons=12, asked=40)
    right = dict(tickets(52))
    page.goto(f"{url}/inbox")
    answered = []
    for number in range(30):
        text = seen(page)
        key = page.locator(f".question:not([hidden]) [data-answer='{right[text]}']").get_attribute("data-key")
        page.keyboard.press("Enter" if key == "1" else key)
        assert number == 39 or seen(page) != text  # the next one is there at once
        answered.append(text)
    assert len(set(answered)) == 30
    expect(page.locator("[data-left]")).to_have_text("10", timeout=10_000)
    page.goto(f"{url}/report")  # leaving sends the last one
    expect(page.locator(".figures-row li", has_text="lessons").locator("b")).to_have_text("42", timeout=15_000)
    taught = {situation: lesson.answer for lesson, situation in served.learner("thirty").lessons()}
    assert len(taught) == 42
    assert all(answer == right[text] for text, answer in taught.items())


def test_undo_of_the_newest_answer_teaches_nothing(served, page):
    url = served.job("undone", lessons=6, asked=4)
    page.goto(f"{url}/inbox")
    text = seen(page)
    page.keyboard.press("2")
    assert seen(page) != text
    page.keyboard.press("u")
    assert seen(page) == text
    expect(page.locator("[data-left]")).to_have_text("4")
    page.goto(f"{url}/journal")
    assert served.learner("undone").report().lessons == 6
    assert len(served.learner("undone").waiting()) == 4


def test_undo_of_an_older_answer_asks_again_and_the_new_answer_replaces_it(served, page):
    url = served.job("replaced", lessons=6, asked=4)
    page.goto(f"{url}/inbox")
    text = seen(page)
    key = page.locator(".question:not([hidden]) .choice").nth(2).get_attribute("data-answer")
    page.keyboard.press("3")
    page.keyboard.press("s")  # skips the next one
    page.keyboard.press("u")  # the skipped one is back
    assert seen(page) != text
    page.keyboard.press("1")
    settled(page)
    page.keyboard.press("u")
    page.keyboard.press("u")
    expect(page.locator(".question:not([hidden]) .said")).to_contain_text(key)
    assert seen(page) == text
    page.locator(f".question:not([hidden]) [data-answer]:not([data-answer='{key}'])").first.click()
    settled(page)
    [lesson] = [lesson for lesson, situation in served.learner("replaced").lessons() if situation == text]
    assert lesson.answer != key


def test_an_answer_that_was_taught_can_be_forgotten(served, page):
    url = served.job("withdrawn", lessons=6, asked=3)
    page.goto(f"{url}/inbox")
    text = seen(page)
    page.keyboard.press("1")
    settled(page)
    page.keyboard.press("u")
    page.get_by_role("button", name="Forget it instead").click()
    expect(page.locator(".said")).to_contain_text("Forgotten")
    assert text not in [situation for _, situation in served.learner("withdrawn").lessons()]


def test_any_option_is_found_by_its_name(served, page):
    url = served.job("many", [f"team {number}" for number in range(40)], asked=3)
    page.goto(f"{url}/inbox")
    text = seen(page)
    page.keyboard.press("/")
    page.keyboard.type("37")
    expect(page.locator("[role=option]").first).to_have_text("team 37")
    page.keyboard.press("Enter")
    settled(page)
    assert [(lesson.answer, situation) for lesson, situation in served.learner("many").lessons()] == [("team 37", text)]


def test_none_of_these_rejects_in_a_closed_job_and_names_an_option_in_an_open_one(served, page):
    closed, opened = served.job("closed", lessons=6, asked=2), served.job("opened", None, lessons=6, asked=2)
    page.goto(f"{closed}/inbox")
    page.keyboard.press("n")
    settled(page)
    assert len(served.learner("closed").rejected()) == 1
    page.goto(f"{opened}/inbox")
    page.keyboard.press("n")
    page.keyboard.type("travel")
    expect(page.locator("[role=option]")).to_contain_text(["travel"])
    page.keyboard.press("Enter")
    settled(page)
    assert "travel" in served.learner("opened").options


def test_who_administers_a_closed_job_adds_an_option_by_naming_it(served, page):
    url = served.job("widened", lessons=6, asked=2)
    page.goto(f"{url}/inbox")
    text = seen(page)
    page.keyboard.press("/")
    page.keyboard.type("travel")
    expect(page.locator("[role=option]")).to_contain_text(["add it as a new option"])
    page.keyboard.press("Enter")
    page.keyboard.press("u")  # held back: nothing was added
    assert "travel" not in served.learner("widened").options
    page.keyboard.press("/")
    page.keyboard.type("travel")
    expect(page.locator("[role=option]")).to_contain_text(["add it as a new option"])
    page.keyboard.press("Enter")
    settled(page)
    learner = served.learner("widened")
    assert "travel" in learner.options
    assert [lesson.answer for lesson, situation in learner.lessons() if situation == text] == ["travel"]


def test_j_and_k_move_and_skipped_questions_come_back_when_asked_for(served, page):
    url = served.job("moving", asked=3)
    page.goto(f"{url}/inbox")
    first = seen(page)
    page.keyboard.press("j")
    second = seen(page)
    assert second != first
    page.keyboard.press("k")
    assert seen(page) == first
    for _ in range(3):
        page.keyboard.press("s")
    expect(page.locator("[data-empty]")).to_be_visible()
    page.get_by_role("button", name="Show what you skipped").click()
    expect(page.locator(".question:not([hidden])")).to_be_visible()
    assert served.learner("moving").report().lessons == 0


def test_keys_can_be_turned_off_for_those_who_speak_to_their_computer(served, page):
    url = served.job("spoken", asked=2)
    page.goto(f"{url}/inbox")
    text = seen(page)
    page.keyboard.press("?")
    page.get_by_label("Single keys are on").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("1")
    assert seen(page) == text


def test_a_question_that_somebody_else_answers_meanwhile_goes_away(served, page):
    url = served.job("shared", asked=4)
    page.goto(f"{url}/inbox?order=oldest")
    expect(page.locator("[data-left]")).to_have_text("4")
    learner = served.learner("shared")
    third = learner.waiting()[2]
    page.wait_for_function(
        "performance.getEntriesByType('resource').some((entry) => entry.name.endsWith('/live')) || true"
    )
    page.wait_for_timeout(300)
    learner.teach(third, "fraud", by="ben")
    served.app.state.desk.job("shared").live.ring()
    expect(page.locator("[data-left]")).to_have_text("3")
    expect(page.locator(".question")).to_have_count(3)


def test_a_browser_without_scripts_can_answer(served, chromium):
    url = served.job("plain", asked=2)
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{url}/inbox?order=oldest")
    expect(page.get_by_role("button", name="Skip")).not_to_be_visible()  # what only a script can do is not offered
    page.get_by_label("Answer", exact=True).fill("fraud")
    page.get_by_role("button", name="Teach").click()
    assert page.url == f"{url}/inbox"
    context.close()
    assert [lesson.answer for lesson, _ in served.learner("plain").lessons()] == ["fraud"]


def test_an_answer_that_could_not_be_sent_is_sent_when_the_page_is_there_again(served, page):
    url = served.job("unsent", asked=3)
    page.goto(f"{url}/inbox")
    text = seen(page)
    page.route("**/answers", lambda route: route.abort())
    page.keyboard.press("1")
    page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    page.wait_for_timeout(300)
    assert served.learner("unsent").report().lessons == 0
    page.unroute("**/answers")
    with page.expect_response("**/answers"):
        page.reload()
    assert [situation for _, situation in served.learner("unsent").lessons()] == [text]
    assert seen(page) != text
    page.wrongs.clear()  # the browser notes the failed request
