DROP TABLE policy_compared;
DROP TABLE policy_decision;
DROP TABLE policy_proposal;
