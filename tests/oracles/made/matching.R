# Matches and weights on tie-free simulated units: MatchIt for Mahalanobis' distance and exact
# strata; a plain search with which.min for propensity scores, since MatchIt 4.5.1 (Debian's) does
# not return the nearest score there (4.7.2 does); inverse-probability weights by their definition.
# Run in this folder: Rscript matching.R
library(MatchIt)
library(jsonlite)

set.seed(20261104)
n <- 160
units <- data.frame(
  id = sprintf("u%03d", seq_len(n)),
  pre = round(rnorm(n, 50, 10), 4),
  hours = round(rgamma(n, 3, 0.2), 4),
  grade = sample(3:5, n, replace = TRUE),
  english_learner = rbinom(n, 1, 0.3)
)
p <- plogis(-1.4 + 0.03 * (units$pre - 50) + 0.02 * units$hours + 0.4 * units$english_learner)
units$treated <- rbinom(n, 1, p)
units$post <- round(units$pre + 2 * units$treated + 0.1 * units$hours + rnorm(n, 0, 5), 4)
row.names(units) <- units$id
write.csv(units, "matching_units.csv", row.names = FALSE)

covariates <- treated ~ pre + hours + english_learner
logit <- glm(covariates, binomial, units, control = list(epsilon = 1e-14))
score <- fitted(logit)
log_odds <- predict(logit)
one <- units$treated == 1
pooled <- sqrt((var(log_odds[one]) + var(log_odds[!one])) / 2)
named <- function(w) list(weights = as.list(setNames(round(w, 12), units$id)))

# weights of the comparison units: shares in the treated units that they serve, with a mean of 1
plain <- function(score, replace, ratio = 1, width = Inf, same = rep(1, n)) {
  partners <- lapply(seq_len(n), function(i) integer(0))
  queue <- which(one)[order(-score[one])]
  for (round in seq_len(ratio)) for (i in queue) {
    open <- which(!one & same == same[i] & abs(score - score[i]) <= width)
    taken <- if (replace) partners[[i]] else unlist(partners)
    open <- setdiff(open, taken)
    if (length(open)) {
      partners[[i]] <- c(partners[[i]], open[which.min(abs(score[open] - score[i]))])
    }
  }
  w <- numeric(n)
  for (i in queue) w[partners[[i]]] <- w[partners[[i]]] + 1 / length(partners[[i]])
  w <- w * sum(w > 0) / sum(w)
  w[one] <- lengths(partners)[one] > 0
  named(w)
}
mahalanobis <- function(...) {
  named(matchit(covariates, units, method = "nearest", ...)$weights)
}
strata <- function(estimand) {
  m <- matchit(treated ~ grade + english_learner, units, method = "exact", estimand = estimand)
  named(m$weights)
}
weighted <- function(w) {
  fit <- lm(post ~ treated + pre + hours + english_learner, units, weights = w)
  smd <- function(x, s) (weighted.mean(x[one], w[one]) - weighted.mean(x[!one], w[!one])) / s
  list(
    effective = list(
      treated = sum(w[one])^2 / sum(w[one]^2), comparison = sum(w[!one])^2 / sum(w[!one]^2)
    ),
    difference = weighted.mean(units$post[one], w[one]) - weighted.mean(units$post[!one], w[!one]),
    adjusted = unname(coef(fit)["treated"]),
    smd_pre_treated_sd = smd(units$pre, sd(units$pre[one])),
    smd_pre_pooled_sd = smd(units$pre, sqrt((var(units$pre[one]) + var(units$pre[!one])) / 2))
  )
}

cases <- list(
  pooled_sd_log_odds = pooled,
  score_without = plain(score, FALSE),
  score_with = plain(score, TRUE),
  score_with_ratio_2 = plain(score, TRUE, ratio = 2),
  score_without_ratio_2 = plain(score, FALSE, ratio = 2),
  score_caliper = plain(log_odds, FALSE, width = 0.2 * pooled),
  score_exact_grade = plain(score, TRUE, same = units$grade),
  mahalanobis_with = mahalanobis(distance = "mahalanobis", replace = TRUE),
  mahalanobis_without = mahalanobis(distance = "mahalanobis", m.order = "data"),
  mahalanobis_caliper = mahalanobis(
    distance = log_odds, mahvars = ~ pre + hours + english_learner, replace = TRUE,
    caliper = 0.2 * pooled, std.caliper = FALSE
  ),
  exact_att = strata("ATT"),
  exact_ate = strata("ATE"),
  weight_att = weighted(ifelse(one, 1, score / (1 - score))),
  weight_ate = weighted(ifelse(one, 1 / score, 1 / (1 - score)))
)
write_json(
  list(R = R.version.string, MatchIt = as.character(packageVersion("MatchIt")), cases = cases),
  "matching.json", auto_unbox = TRUE, digits = 14
)
