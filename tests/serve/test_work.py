def test_a_decision_is_made_and_taught(client):
    decision = client.post("/v1/jobs/route/decide", json={"situation": "I was charged twice"}).json()
    assert decision["mode"] == "ask"
    assert sum(one["probability"] for one in decision["alternatives"]) > 0.999
    lesson = client.post("/v1/jobs/route/teach", json={"decision_id": decision["id"], "answer": "billing"}).json()
    assert lesson["decision_id"] == decision["id"]
    assert lesson["by"] == "local"
    assert client.get("/v1/jobs/route/report").json()["lessons"] == 1
