# Two-stage least squares with CR2 by clubSandwich, and Anderson-Rubin sets by brute force.
#
#   Rscript instrumental.R      (in this folder; writes instrumental.json, instrumental.csv)
#
# STAR (../data/star_k.csv): assigned to a small class in kindergarten, in a small class in grade 1,
# mathematics in grade 1. The sets of instrumental.csv are simulated here.
# Anderson-Rubin: for each value b, y - b d is regressed on the assignment (and covariates), and the
# assignment's coefficient is tested with CR2 and Satterthwaite df. What is not rejected on a wide
# grid is the set; its ends are refined by bisection.

suppressMessages({library(AER); library(clubSandwich)})
library(jsonlite)

simulated <- function(name, seed, schools, classes, size, offered, without, effect) {
  set.seed(seed)
  n <- schools * classes * size
  school <- rep(seq_len(schools), each = classes * size)
  class <- rep(seq_len(schools * classes), each = size)
  assigned <- as.numeric(class %% 2 == 0)
  able <- rnorm(n)
  pull <- rnorm(schools * classes, 0, 0.5)[class] + 0.5 * able
  chance <- ifelse(assigned == 1, offered, without)
  used <- as.numeric(pnorm((pull + rnorm(n)) / sqrt(1 + 0.25 + 0.25)) < chance)
  pre <- 0.7 * able + rnorm(n, 0, 0.7)
  post <- effect * used + 0.6 * able + rnorm(schools * classes, 0, 0.2)[class] + rnorm(n, 0, 0.7)
  data.frame(set = name, school, class, assigned, used, pre, post)
}

pilot <- simulated("pilot", 1, 8, 4, 15, 0.75, 0.05, 0.3)
line <- simulated("line", 6, 6, 4, 12, 0.42, 0.30, 0.3)
rays <- simulated("rays", 3, 6, 4, 12, 0.31, 0.30, 0.3)
modest <- simulated("modest", 2, 6, 4, 12, 0.52, 0.30, 0.3)
few <- simulated("few", 11, 1, 4, 30, 0.80, 0.05, 0.3)
made <- rbind(pilot, line, rays, modest, few)
write.csv(made, "instrumental.csv", row.names = FALSE)

star <- read.csv(file.path("..", "data", "star_k.csv"), na.strings = c("", "NA"))
star <- star[!is.na(star$math1) & !is.na(star$mathk) & !is.na(star$star1), ]
star <- data.frame(set = "star", school = star$schoolidk, class = star$schoolidk,
                   assigned = star$small, used = as.numeric(star$star1 == "small"),
                   pre = star$mathk, post = star$math1)

case <- function(data, right, cluster, level = 0.95, wide = 2000, by = 0.05) {
  data$cluster <- data[[cluster]]
  exogenous <- if (right == "") "" else paste("+", right)
  iv <- ivreg(as.formula(sprintf("post ~ used %s | assigned %s", exogenous, exogenous)), data = data)
  two <- coef_test(iv, vcovCR(iv, cluster = data$cluster, type = "CR2"), test = "Satterthwaite")
  test <- function(y) {
    data$left <- y
    fit <- lm(as.formula(paste("left ~ assigned", exogenous)), data = data)
    t <- coef_test(fit, vcovCR(fit, cluster = data$cluster, type = "CR2"), test = "Satterthwaite")
    i <- match("assigned", names(coef(fit)))
    list(estimate = t$beta[i], se = t$SE[i], df = t$df_Satt[i], t = t$tstat[i], p = t$p_Satt[i])
  }
  first <- test(data$used)
  intent <- test(data$post)
  # the test's variance estimate is a quadratic form of the residuals, so its df do not depend on b
  accepted <- function(b) test(data$post - b * data$used)$p - (1 - level)
  grid <- sort(unique(c(seq(-3, 3, by = by) * sd(data$post), -wide, wide)))
  kept <- vapply(grid, accepted, 0)
  change <- which(diff(sign(kept)) != 0)
  ends <- vapply(change, function(i)
    uniroot(accepted, grid[i + 0:1], tol = 1e-12 * max(1, sd(data$post)))$root, 0)
  i <- match("used", names(coef(iv)))
  at <- c(-0.5, 0.3, 1) * sd(data$post)
  list(n = nrow(data), n_clusters = length(unique(data$cluster)), level = level,
       two_stage = list(estimate = two$beta[i], se = two$SE[i], df = two$df_Satt[i]),
       first_stage = c(first, F = first$t^2), intent = intent,
       ar_at = at, ar_p = vapply(at, function(b) test(data$post - b * data$used)$p, 0),
       ar_ends = as.list(ends), ar_far_left = kept[1] > 0, ar_far_right = kept[length(kept)] > 0)
}

out <- list(about = list(R = paste(R.version$major, R.version$minor, sep = "."),
                         AER = as.character(packageVersion("AER")),
                         clubSandwich = as.character(packageVersion("clubSandwich"))))
out$star <- case(star, "", "school", by = 0.25, wide = 20000)
out$star_adjusted <- case(star, "pre", "school", by = 0.25, wide = 20000)
out$pilot <- case(pilot, "pre", "class")
out$pilot_blocks <- case(pilot, "pre + factor(school)", "class", level = 0.9)
out$pilot_schools <- case(pilot, "", "school")
out$line <- case(line, "", "class")
out$rays <- case(rays, "", "class")
out$modest <- case(modest, "", "class")
out$few <- case(few, "pre", "class")

writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE), "instrumental.json")
for (n in names(out)[-1]) cat(n, "F", out[[n]]$first_stage$F, "df", out[[n]]$first_stage$df,
  "IV", out[[n]]$two_stage$estimate, "ends", unlist(out[[n]]$ar_ends),
  out[[n]]$ar_far_left, out[[n]]$ar_far_right, "\n")
