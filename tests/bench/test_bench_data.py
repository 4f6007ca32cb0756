"""Loaders, on tiny files that the tests write."""

import datetime
import json

import pytest
from bench.data import load_corpus, load_payments

from quickstudy.errors import TableError

HEAD = "ID,VendorID,Vendor,AccountCode,AccountDescription,DocNo,Amount,Date,Source\n"


def write(folder, path, text):
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_banking_keeps_quoted_commas_and_the_files_order(tmp_path):
    write(tmp_path, "banking77/train.csv", 'text,category\n"Hello, card",b\nLost it,a\n')
    write(tmp_path, "banking77/test.csv", "text,category\nWhere,b\n")
    corpus = load_corpus("banking77", tmp_path)
    assert corpus.train.texts == ("Hello, card", "Lost it")
    assert corpus.train.labels == ("b", "a")
    assert corpus.options == ("a", "b")
    assert len(corpus.test) == 1


def test_clinc_keeps_questions_out_of_scope_apart(tmp_path):
    parts = {name: [[f"{name} text", "yes"]] for name in ("train", "val", "test")}
    parts |= {name: [[f"{name} text", "oos"]] for name in ("oos_test", "oos_val", "oos_train")}
    write(tmp_path, "clinc150/data_full.json", json.dumps(parts))
    corpus = load_corpus("clinc150", tmp_path)
    assert corpus.outside == ("oos_test text",)
    assert corpus.outside_validation == ("oos_val text",)
    assert corpus.options == ("yes",)
    assert corpus.validation.texts == ("val text",)


def test_hint3_splits_its_test_by_scope_and_bears_an_empty_last_column(tmp_path):
    write(tmp_path, "hint3/train_curekart_train.csv", "sentence,label,\nhi,GREET,\n")
    write(tmp_path, "hint3/test_curekart_test.csv", "sentence,label\nhello,GREET\nzz,NO_NODES_DETECTED\n")
    corpus = load_corpus("hint3-curekart", tmp_path)
    assert corpus.test.texts == ("hello",)
    assert corpus.outside == ("zz",)


def test_payments_rise_in_time_within_a_day_and_leak_no_code(tmp_path):
    rows = (
        "0,1,ACME,99,Postage,d,12.50,2008-04-01,s\n1,1,ACME,99,Postage,d,-1,2008-04-01,s\n2,,B,,Fees,,3,2008-04-02,s\n"
    )
    write(tmp_path, "gla_spending/all.csv", HEAD + rows)
    payments = load_payments(tmp_path)
    assert payments.records[0] == {"vendor": "ACME", "amount": 12.5, "date": datetime.date(2008, 4, 1)}
    assert payments.accounts == ("Postage", "Postage", "Fees")
    assert payments.times[0] < payments.times[1] < payments.times[2]
    assert datetime.datetime.fromtimestamp(payments.times[2], datetime.UTC).date() == datetime.date(2008, 4, 2)


def test_payments_out_of_time_order_are_refused(tmp_path):
    rows = "0,1,A,9,P,d,1,2008-04-02,s\n1,1,A,9,P,d,1,2008-04-01,s\n"
    write(tmp_path, "gla_spending/all.csv", HEAD + rows)
    with pytest.raises(TableError, match="row 3 is out of time order"):
        load_payments(tmp_path)


def test_missing_data_say_where_they_come_from(tmp_path):
    with pytest.raises(TableError, match=r"clinc/oos-eval.*--data DIR"):
        load_corpus("clinc150", tmp_path)


def test_a_missing_column_is_named(tmp_path):
    write(tmp_path, "banking77/train.csv", "text,label\na,b\n")
    with pytest.raises(TableError, match="no column 'category'"):
        load_corpus("banking77", tmp_path)


def test_an_empty_field_is_refused_with_its_row(tmp_path):
    write(tmp_path, "banking77/train.csv", "text,category\na,b\n ,b\n")
    with pytest.raises(TableError, match="row 3 has an empty field"):
        load_corpus("banking77", tmp_path)
